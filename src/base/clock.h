/* The system's clocks. Pure floors do not read them: there, time is an argument. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void); /* Unix time, UTC */
int64_t clock_mono_ms(void); /* never jumps; only differences mean something */
uint64_t clock_mono_ns(void);
uint64_t clock_thread_ns(void); /* the processor's time that this thread has had */

#endif
