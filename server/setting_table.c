/* The table of settings. */
#include "server/setting.h"

#include "shim/shim.h"

#include <assert.h>

#define MIB ((uint64_t)1 << 20)
#define DAY_MS UINT64_C(86400000)
#define HOUR_MS UINT64_C(3600000)

#define AT(member) offsetof(struct config, member)
#define POOL(member) offsetof(struct config, pool_config.member)
#define CREW(member) offsetof(struct config, crew_config.member)
#define FETCHER(member) offsetof(struct config, fetcher_config.member)
#define LIMITS(member) offsetof(struct config, limits.member)

const struct setting settings[] = {
    {"listen", "HOST:PORT", SETTING_TEXT, AT(listen), 0, 0, 0,
     "Where to listen; port 0 picks one that is free (127.0.0.1:7070 unless only --unix is "
     "given)"},
    {"unix", "PATH", SETTING_TEXT, AT(unix_path), 0, 0, 0, "A Unix socket to listen at, too"},
    {"db", "PATH", SETTING_TEXT, AT(db_path), 0, 0, 0,
     "The database (isoyard.db in $STATE_DIRECTORY, or $XDG_STATE_HOME/isoyard, or "
     "~/.local/state/isoyard)"},
    {"http", "HOST:PORT|off", SETTING_TEXT, AT(http), 0, 0, 0,
     "Where metrics and the dashboard are served, by plain HTTP; off: nowhere (127.0.0.1:7071 unless "
     "only --unix is given)"},
    {"observe", "on|off", SETTING_SWITCH, AT(observe), 0, 0, 0,
     "Keep the last hour and recent failures for the dashboard, and the log; off: none of these"},
    {"pool", "NAME", SETTING_CHOICE, AT(pool), 0, 0, 0,
     "How isolates are pooled: pinned, shared, or legacy"},
    {"lanes", "N", SETTING_UINT, POOL(lanes), 1, 1, POOL_LANES_MAX, "Lanes, a thread each"},
    {"isolates", "N", SETTING_UINT, POOL(isolates), 1, 1, 100000,
     "Warm isolates, in all lanes together"},
    {"handoff", "NAME", SETTING_HANDOFF, POOL(handoff), 0, 0, 0,
     "How shared isolates go from lane to lane: fifo, or mutex"},
    {"context", "NAME", SETTING_CONTEXT, POOL(context), 0, 0, 0,
     "Of a task in a warm isolate: the one that is there (reuse), or a new one (fresh)"},
    {"isolates-per-worker", "N", SETTING_UINT, POOL(isolates_per_worker), 1, 0, 100000,
     "Isolates of one worker at once, where they are shared; 0: as many as lanes"},
    {"queue", "N", SETTING_UINT, POOL(queue), 1, 1, 1000000,
     "Tasks that may wait, per lane; more are refused"},
    {"spread", "N", SETTING_UINT, POOL(spread), 1, 0, 1000000,
     "Pinned: tasks of a worker that may wait on a lane before further ones go to the next; 0: they "
     "never do"},
    {"tasks-per-isolate", "N", SETTING_UINT, POOL(tasks_per_isolate), 1, 1, TICKET_SLOT_MAX,
     "Tasks in flight in one isolate"},
    {"idle-ttl-ms", "MS", SETTING_U64, POOL(idle_ttl_ms), 1, 0, 365 * DAY_MS,
     "Isolates idle for longer are disposed of; 0: never"},
    {"recycle-after", "N", SETTING_U64, POOL(recycle_after), 1, 0, UINT32_MAX,
     "Isolates are recycled after this many tasks; 0: never"},
    {"spares", "N", SETTING_UINT, CREW(spares), 1, 0, 256,
     "Threads that stand by to adopt a lane whose turn lasts"},
    {"crypto-threads", "N", SETTING_UINT, CREW(crypto_threads), 1, 1, 64,
     "Threads for operations of crypto.subtle that take long"},
    {"adopt-after-ms", "MS", SETTING_U64, CREW(adopt_after_ms), 1, 1, 60000,
     "A turn that lasts longer loses its lane"},
    {"adopt-every", "N", SETTING_UINT, CREW(adopt_every), 1, 0, UINT32_MAX,
     "For tests: every N turns a lane is adopted though its turn does not last; 0: never"},
    {"cancel-grace-ms", "MS", SETTING_U64, CREW(cancel_grace_ms), 1, 0, 60000,
     "The turn of a cancelled task may last on for this long"},
    {"quarantine-after-ms", "MS", SETTING_U64, CREW(quarantine_after_ms), 1, 1, 600000,
     "A turn that was stopped and lasts on for longer is written off, with its isolate and thread"},
    {"quarantine", "N", SETTING_UINT, CREW(quarantine), 1, 0, 64,
     "Threads that may be in such turns; with one more the server drains and leaves, to be started "
     "anew"},
    {"cq-threads", "N", SETTING_UINT, AT(cq_threads), 1, 1, 64, "Threads that poll gRPC's queue"},
    {"v8-threads", "N", SETTING_UINT, AT(v8_threads), 1, 1, 16, "Threads of V8's background jobs"},
    {"cpu-ms", "MS", SETTING_U64, LIMITS(cpu_us), 1000, 1, DAY_MS, "Limit: CPU time of a task"},
    {"wall-ms", "MS", SETTING_U64, LIMITS(wall_us), 1000, 1, DAY_MS,
     "Limit: time from a task's start to its answer"},
    {"wait-until-ms", "MS", SETTING_U64, LIMITS(wait_until_us), 1000, 1, DAY_MS,
     "Limit: time from the answer to the end of what ctx.waitUntil was given"},
    {"body-idle-ms", "MS", SETTING_U64, LIMITS(body_idle_us), 1000, 1, DAY_MS,
     "Limit: time in which no byte of an answer's body moves while it streams"},
    {"startup-ms", "MS", SETTING_U64, LIMITS(startup_us), 1000, 1, DAY_MS,
     "Limit: time to evaluate a worker's modules"},
    {"heap-mib", "MIB", SETTING_SIZE, LIMITS(heap_bytes), MIB, 8, 4096,
     "Limit: JavaScript heap of an isolate"},
    {"external-mib", "MIB", SETTING_SIZE, LIMITS(external_bytes), MIB, 1, 65536,
     "Limit: an isolate's memory outside its heap"},
    {"max-subrequests", "N", SETTING_U32, LIMITS(subrequests), 1, 0, 1000000,
     "Limit: fetch() calls of a task"},
    {"max-concurrent-subrequests", "N", SETTING_U32, LIMITS(concurrent_subrequests), 1, 1, 1000,
     "fetch() calls of a task at once; those after them wait"},
    {"max-fetch-body-bytes", "BYTES", SETTING_SIZE, LIMITS(fetch_body_bytes), 1, 1024, 1024 * MIB,
     "The largest body that fetch() takes, decompressed"},
    {"egress-allow", "CIDR,...", SETTING_TEXT, AT(egress_allow), 0, 0, 0,
     "Networks that workers may reach beside public addresses, as 10.1.0.0/16"},
    {"dns-server", "ADDR:PORT", SETTING_TEXT, AT(dns_server), 0, 0, 0,
     "Who resolves names for fetch() (the system's servers)"},
    {"ca-file", "PATH", SETTING_TEXT, AT(ca_file), 0, 0, 0,
     "Certificates that fetch() trusts, PEM (the system's)"},
    {"connect-timeout-ms", "MS", SETTING_U64, FETCHER(connect_timeout_ms), 1, 1, 600000,
     "fetch() gives up connecting after this"},
    {"connections", "N", SETTING_UINT, FETCHER(connections), 1, 1, 65536,
     "Connections of fetch(), per lane"},
    {"connections-per-tenant", "N", SETTING_UINT, FETCHER(connections_per_tenant), 1, 1, 65536,
     "... and of them those of a tenant"},
    {"max-bundle-bytes", "BYTES", SETTING_SIZE, AT(bundle_bytes), 1, 1024, 256 * MIB,
     "The largest sum of a deployment's files"},
    {"max-body-bytes", "BYTES", SETTING_SIZE, AT(body_bytes), 1, 1024, 256 * MIB,
     "The largest body of a request or a response; gRPC clients refuse messages over 4 MiB unless "
     "told otherwise"},
    {"buffer-mib", "MIB", SETTING_SIZE, AT(buffer_bytes), MIB, 16, 65536,
     "What gRPC may buffer of requests at once, and the server of answers"},
    {"stream-mib", "MIB", SETTING_SIZE, AT(stream_bytes), MIB, 1, 65536,
     "What bodies that stream may have on their way at once, 256 KiB each"},
    {"code-cache-mib", "MIB", SETTING_U64, AT(code_config.max_bytes), MIB, 0, 65536,
     "Compiled code that is kept on disk for the next start; what is oldest goes. 0: none is kept"},
    {"grace-ms", "MS", SETTING_U64, AT(grace_ms), 1, 0, DAY_MS,
     "At SIGTERM what runs may end within this time"},
    {"log-level", "LEVEL", SETTING_LEVEL, AT(log_level), 0, 0, 0,
     "debug, info, warn, error or off"},
    {"log-console", "WHERE", SETTING_CONSOLE, AT(log_console), 0, 0, 0,
     "Where console lines of workers go beside the log that is kept: stderr, or off"},
    {"log-executions", "WHICH", SETTING_ENDS, AT(log_ends), 0, 0, 0,
     "Executions whose ends are kept in the log: failures, all, or off"},
    {"log-db", "PATH", SETTING_TEXT, AT(log_config.path), 0, 0, 0,
     "The log's database (that of --db with -logs in its name)"},
    {"log-mib", "MIB", SETTING_U64, AT(log_config.max_bytes), MIB, 0, 1024 * 1024,
     "The size of the log that is kept; what is oldest goes. 0: none is kept"},
    {"log-hours", "HOURS", SETTING_U64, AT(log_config.age_ms), HOUR_MS, 0, 100000,
     "Records of the log that are older go, too; 0: they do not"},
};

const size_t setting_count = sizeof(settings) / sizeof(settings[0]);

static_assert(sizeof(settings) / sizeof(settings[0]) <= SETTINGS_MAX,
              "config.given has a bit for each setting");
