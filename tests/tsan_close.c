/* libuv closes descriptors by syscall(SYS_close), which ThreadSanitizer does not see: when the kernel gives the number out
 * again, its next owner seems to race with the one before. In the sanitizer's build this function stands in front of the C
 * library's, and closes them in sight. */
#include <dlfcn.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

long syscall(long number, ...) {
    va_list list;
    va_start(list, number);
    long a[6];
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_close)
        return close((int)a[0]);
    /* A function pointer out of an object pointer, as POSIX has it. */
    long (*next)(long, ...);
    *(void **)&next = dlsym(RTLD_NEXT, "syscall");
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
