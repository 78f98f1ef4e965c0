/* The table of settings, for the files that read it, set it and print it. */
#ifndef APP_CONFIG_PRIVATE_H
#define APP_CONFIG_PRIVATE_H

#include "app/config/config.h"
#include "app/config/setting.h"

/* The fields are those of struct config. */
extern const struct setting settings[];
extern const size_t setting_count;

/* Names that documents mention and this version does not have. */
struct unbuilt {
    const char *name;
    const char *reason;
};
extern const struct unbuilt unbuilt_settings[];
extern const size_t unbuilt_count;

struct config_source;

/* The last steps (config_check.c). 0, or EINVAL with a sentence in the source's problem. */
int config_settle_origins(struct config_source *, struct config *);
int config_settle_proxy(struct config_source *, struct config *);
int config_check(struct config_source *, struct config *);

/* By name or alias; NULL when there is none. */
const struct setting *setting_find(struct slice name);

#endif
