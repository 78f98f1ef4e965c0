/* The looks that `prosa doctor` takes, each in a file of its own: look_at_*.c. */
#ifndef APP_DOCTOR_PRIVATE_H
#define APP_DOCTOR_PRIVATE_H

#include "app/config/config.h"
#include "app/doctor/findings.h"
#include "base/buf.h"

#include <stdbool.h>

struct doctor {
    const struct config *config;
    struct findings findings;
    /* Whether a server answers at PORT, and its metrics when it gives them to us. */
    bool is_running;
    struct buf metrics;
};

/* A number of the running server's metrics; false when it is not known. */
bool doctor_metric(const struct doctor *, const char *name, double *number);

void look_at_settings(struct doctor *);
void look_at_server(struct doctor *);
void look_at_machine(struct doctor *);
void look_at_storage(struct doctor *);
void look_at_certificates(struct doctor *);
void look_at_database(struct doctor *);
void look_at_livekit(struct doctor *);
void look_at_egress_address(struct doctor *);
void look_at_prosody_service(struct doctor *);
void look_at_receivers(struct doctor *);
void look_at_object_store(struct doctor *);
void look_at_redis(struct doctor *);

#endif
