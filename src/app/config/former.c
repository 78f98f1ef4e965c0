/* What an env file of the old backend means here: `prosa check-config --from-nest FILE`. */
#include "app/config/config_private.h"

#include "app/config/dotenv.h"
#include "app/config/near.h"
#include "base/buf.h"
#include "base/macros.h"

static const struct unbuilt *find_unbuilt(struct slice name) {
    for (size_t i = 0; i < unbuilt_count; i++)
        if (slice_is_equal(name, slice_from(unbuilt_settings[i].name)))
            return &unbuilt_settings[i];
    return NULL;
}

static const struct setting *find_near(struct slice name) {
    for (size_t i = 0; i < setting_count; i++)
        if (settings[i].name && name_is_near(name, slice_from(settings[i].name)))
            return &settings[i];
    return NULL;
}

static void former_on_value(struct slice name, struct slice value, void *arg) {
    FILE *out = arg;
    const struct setting *row = setting_find(name), *near = row ? NULL : find_near(name);
    const struct unbuilt *unbuilt = find_unbuilt(name);
    fprintf(out, "%-30.*s ", SLICE_ARG(name));
    if (value.len == 0)
        fputs("empty, so it counts as unset\n", out);
    else if (row && !slice_is_equal(name, slice_from(row->name)))
        fprintf(out, "taken, as %s: %s\n", row->name, row->help);
    else if (row)
        fprintf(out, "taken: %s\n", row->help);
    else if (slice_has_prefix(name, SLICE("RULE_")))
        fputs("taken, if it is a rule's; prosa --help lists them\n", out);
    else if (unbuilt)
        fprintf(out, "refused: %s\n", unbuilt->reason);
    else if (near)
        fprintf(out, "ignored: no setting of Prosa; did you mean %s?\n", near->name);
    else
        fputs("ignored: no setting of Prosa\n", out);
}

void config_write_former(struct slice file, FILE *out) {
    dotenv_parse(file, former_on_value, out);
}

void config_write_shut_doors(const struct config *config, FILE *out) {
    const struct {
        bool is_shut;
        const char *what, *setting;
    } doors[] = {
        {config->webhook_verify == WEBHOOK_VERIFY_REQUIRED, "webhooks without LiveKit's signature",
         "LIVEKIT_WEBHOOK_VERIFY=off"},
        {config->egress_auth == EGRESS_AUTH_SIGNED, "audio from addresses that Prosa did not sign",
         "EGRESS_AUTH=off"},
        {config->feedback_access == ACCESS_HOST, "feedback for those who are no host or member",
         "FEEDBACK_ACCESS=open"},
        {config->message_scope == MESSAGE_ROOMS, "messages to clients of other rooms",
         "SOCKET_MESSAGE_SCOPE=all"},
        {config->registration != REGISTRATION_OPEN, "registration without an invitation",
         "AUTH_REGISTRATION=open"},
        {config->loopback_only, "connections from other machines", "PROSA_HOST=0.0.0.0"},
    };
    for (size_t i = 0; i < ARRAY_LEN(doors); i++)
        if (doors[i].is_shut)
            fprintf(out, "  %s (as before: %s)\n", doors[i].what, doors[i].setting);
}
