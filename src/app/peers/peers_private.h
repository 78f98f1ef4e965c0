/* Private to the peers files. */
#ifndef APP_PEERS_PRIVATE_H
#define APP_PEERS_PRIVATE_H

#include "app/peers/peers.h"
#include "base/buf.h"
#include "wire/redis/sio_peer.h"

struct redis;

enum { PEERS_UID_SIZE = 20 };

struct peers {
    struct peers_settings settings;
    struct peers_stats stats;
    char uid[PEERS_UID_SIZE]; /* how others know this process */
    struct redis *commands, *subscriptions;
    struct sio_namespace *ns;
    struct slice name; /* of the namespace */
    bool (*may_enter)(struct slice room);
    struct buf request_channel, answer_channel, own_answer_channel, pattern;
};

void peers_publish(struct peers *peers, struct slice channel, struct slice payload);
/* A request of another server. */
void peers_answer(struct peers *peers, struct sio_peer_message *request);

#endif
