/* The clocks. Not for pure floors: there, time is an argument. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void); /* Unix time, UTC */
int64_t clock_mono_ms(void); /* never jumps; its zero means nothing */
uint64_t clock_mono_ns(void);

#endif
