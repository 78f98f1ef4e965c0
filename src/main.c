#include <stdio.h>

int main(void) {
    puts("prosa");
    return 0;
}
