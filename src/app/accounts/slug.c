#include "app/accounts/slug.h"

#include <stdio.h>

/* The letter under the accents of U+00C0..U+00FF; '-' for the two that are not letters. */
static char base_letter(unsigned char low) {
    static const char letters[] = "aaaaaaaceeeeiiii"
                                  "dnooooo-ouuuuyts"
                                  "aaaaaaaceeeeiiii"
                                  "dnooooo-ouuuuyty";
    return letters[low & 0x3F];
}

void slug_make(struct slice name, char out[SLUG_SIZE]) {
    size_t len = 0;
    for (size_t i = 0; i < name.len && len < SLUG_MAX; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        char letter = '-';
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            letter = (char)c;
        else if (c >= 'A' && c <= 'Z')
            letter = (char)(c - 'A' + 'a');
        else if (c == 0xC3 && i + 1 < name.len)
            letter = base_letter((unsigned char)name.ptr[++i]);
        if (letter != '-' || (len > 0 && out[len - 1] != '-'))
            out[len++] = letter;
    }
    while (len > 0 && out[len - 1] == '-')
        len--;
    out[len] = 0;
    if (len == 0)
        snprintf(out, SLUG_SIZE, "organization");
}
