#include "outside/disk/disk_stats.h"

#include "base/counter.h"
#include "base/macros.h"

#define AT(member) offsetof(struct disk_stats, member), .is_atomic = true

static const struct counter counters[] = {
    {"prosa_disk_queue_bytes", "Audio that waits for the disk.", COUNTER_GAUGE, AT(queued_bytes)},
    {"prosa_disk_written_bytes_total", "Bytes written; digital silence needs none.", COUNTER_SUM,
     AT(written_bytes)},
    {"prosa_disk_writes_total", "Writes.", COUNTER_SUM, AT(writes)},
    {"prosa_disk_errors_total", "Failed system calls on recordings.", COUNTER_SUM, AT(errors)},
    {"prosa_disk_lost_bytes_total", "Audio lost to a full queue or a failing disk.", COUNTER_SUM,
     AT(gap_bytes)},
    {"prosa_disk_open_files", "Recordings being written.", COUNTER_GAUGE, AT(open_files)},
    {"prosa_disk_free_bytes", "Room left where it is least.", COUNTER_GAUGE, AT(free_bytes)},
    {"prosa_pipeline_log_lines_total", "Lines of pipeline logs.", COUNTER_SUM, AT(log_lines)},
    {"prosa_pipeline_log_lines_lost_total",
     "Lines of pipeline logs given up before any audio, the disk being too slow.", COUNTER_SUM,
     AT(lost_lines)},
};

const struct counter_table disk_counters = {counters, ARRAY_LEN(counters)};
