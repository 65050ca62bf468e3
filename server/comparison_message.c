/* Comparisons as protobuf-c has them. */
#include "server/comparison_message.h"

#include "api/bytes.h"
#include "server/cut.h"
#include "server/message.h"
#include "server/stats_message.h"
#include "store/comparison.h"

#include <stdlib.h>

/* Arms. */

static Isoyard__V1__Architecture architecture_of(const struct pool_ops *ops)
{
    if (ops == &pool_legacy)
        return ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_LEGACY;
    return ops == &pool_shared ? ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_SHARED
                               : ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_PINNED;
}

static void set_arm(struct arm_message *m, const struct arm *arm)
{
    pool_config_message_init(&m->config, &arm->config);
    isoyard__v1__comparison_arm__init(&m->arm);
    m->arm.architecture = architecture_of(arm->ops);
    if (arm->ops == &pool_shared)
        m->arm.handoff = m->config.handoff;
    m->result.arm = &m->arm;
    m->result.config = &m->config;
    m->result.name = (char *)arm->name;
}

/* The median of the rounds in which tasks were answered. */
static double tasks_per_s(const struct arm_figures *figures, unsigned round_count)
{
    double values[COMPARISON_ROUNDS_MAX];
    size_t count = 0;

    for (unsigned i = 0; i < round_count; i++) {
        if (figures->rounds[i].per_s > 0)
            values[count++] = figures->rounds[i].per_s;
    }
    return sample_of(values, count).median;
}

static void set_times(struct arm_message *m, const struct arm_figures *figures)
{
    distribution_message_init(&m->latency, &figures->latency_us);
    distribution_message_init(&m->queue_wait, &figures->tally.queue_wait_us);
    m->result.latency = &m->latency;
    m->result.queue_wait = &m->queue_wait;
    m->result.cold = distribution_message_of(&m->cold, &figures->tally.cold_us);
    m->result.new_context = distribution_message_of(&m->new_context, &figures->tally.fresh_us);
    m->result.warm = distribution_message_of(&m->warm, &figures->tally.warm_us);
}

/* Those that there are: they have been taken. */
static void set_locks(struct arm_message *m, const struct tally *tally)
{
    if (tally->lock.acquisitions > 0) {
        lock_message_init(&m->lock, LOCK_NAME_POOL, &tally->lock);
        m->result.lock = &m->lock.lock;
    }
    if (tally->isolate_lock.acquisitions > 0) {
        lock_message_init(&m->isolate_lock, LOCK_NAME_ISOLATE, &tally->isolate_lock);
        m->result.isolate_lock = &m->isolate_lock.lock;
    }
}

static void set_figures(Isoyard__V1__ComparisonArmResult *m, const struct arm_figures *figures,
                        unsigned round_count)
{
    const struct tally *tally = &figures->tally;

    m->tasks = tally->answered + tally->failed;
    m->failed = tally->failed;
    m->tasks_per_s = tasks_per_s(figures, round_count);
    m->cpu_us_per_task = tally_cpu_us(tally);
    m->isolates_created = tally->isolates_created;
    m->isolates_evicted = tally->isolates_evicted;
    m->mean_depth = figures->mean_depth;
    m->max_depth = figures->max_depth;
    m->memory_bytes = figures->memory_bytes;
}

static void set_round(Isoyard__V1__ComparisonRound *m, const struct round_figures *round)
{
    isoyard__v1__comparison_round__init(m);
    m->tasks = round->tasks;
    m->failed = round->failed;
    m->tasks_per_s = round->per_s;
    m->p50_us = round->p50_us;
    m->p99_us = round->p99_us;
    m->cpu_us_per_task = round->cpu_us;
}

static void set_rounds(struct arm_message *m, const struct arm_figures *figures, unsigned count)
{
    m->rounds = xcalloc(count + 1, sizeof(m->rounds[0]));
    m->round_pointers = xcalloc(count + 1, sizeof(m->round_pointers[0]));
    for (unsigned i = 0; i < count; i++) {
        set_round(&m->rounds[i], &figures->rounds[i]);
        m->round_pointers[i] = &m->rounds[i];
    }
    m->result.n_rounds = count;
    m->result.rounds = m->round_pointers;
}

static void set_arms(struct comparison_message *m, const struct comparison *comparison)
{
    for (unsigned i = 0; i < comparison->arm_count; i++) {
        struct arm_message *arm = &m->arms[i];
        const struct arm_figures *figures = &comparison->figures[i];

        isoyard__v1__comparison_arm_result__init(&arm->result);
        set_arm(arm, &comparison->arms[i]);
        set_figures(&arm->result, figures, comparison->round_count);
        set_times(arm, figures);
        set_locks(arm, &figures->tally);
        set_rounds(arm, figures, comparison->round_count);
        m->arm_pointers[i] = &arm->result;
    }
    m->comparison.n_arms = comparison->arm_count;
    m->comparison.arms = m->arm_pointers;
}

/* Conclusions. */

static void set_ratio(struct ratio_message *m, const struct ratio *ratio)
{
    isoyard__v1__comparison_ratio__init(&m->ratio);
    m->ratio.arm = ratio->arm;
    m->ratio.metric = (Isoyard__V1__ComparisonMetric)ratio->metric;
    m->ratio.median = ratio->sample.median;
    m->ratio.min = ratio->sample.min;
    m->ratio.max = ratio->sample.max;
    if (!ratio->sample.has_interval)
        return;
    isoyard__v1__comparison_interval__init(&m->interval);
    m->interval.low = ratio->sample.low;
    m->interval.high = ratio->sample.high;
    m->ratio.interval = &m->interval;
}

/* Not those of arms that have no figure in common with the first one. */
static void set_ratios(struct comparison_message *m, const struct comparison *comparison)
{
    size_t count = 0;

    for (unsigned i = 0; i < comparison->ratio_count; i++) {
        if (comparison->ratios[i].sample.count == 0)
            continue;
        set_ratio(&m->ratios[count], &comparison->ratios[i]);
        m->ratio_pointers[count] = &m->ratios[count].ratio;
        count++;
    }
    m->comparison.n_ratios = count;
    m->comparison.ratios = m->ratio_pointers;
}

/* Texts were cut to their room wherever that was, and worker's names are in some. */
static void set_texts(struct comparison_message *m, const struct comparison *comparison,
                      const char *title)
{
    m->title = cut_dup(title, STORE_TITLE_BYTES_MAX);
    m->verdict = cut_dup(comparison->verdict, COMPARISON_TEXT_BYTES);
    for (unsigned i = 0; i < comparison->note_count; i++)
        m->notes[i] = cut_dup(comparison->notes[i], COMPARISON_TEXT_BYTES);
    m->comparison.title = m->title;
    m->comparison.verdict = m->verdict;
    m->comparison.is_decided = comparison->is_decided;
    m->comparison.n_notes = comparison->note_count;
    m->comparison.notes = m->notes;
}

static void set_request(struct comparison_message *m,
                        const Isoyard__V1__ComparePoolsRequest *request)
{
    m->comparison.request = (Isoyard__V1__ComparePoolsRequest *)request;
    if (isoyard__v1__comparison__get_packed_size(&m->comparison) <= COMPARISON_MESSAGE_BYTES_MAX)
        return;
    m->comparison.request = NULL;
    m->notes[m->comparison.n_notes++] = xstrdup("What was asked for is too large to be kept.");
}

struct comparison_message *comparison_message_new(const struct comparison *comparison,
                                                  const struct comparison_about *about)
{
    struct comparison_message *m = xcalloc(1, sizeof(*m));

    isoyard__v1__comparison__init(&m->comparison);
    m->comparison.duration_ms = comparison->duration_ms;
    m->comparison.server_version = (char *)about->server_version;
    m->comparison.v8_version = (char *)about->v8_version;
    m->comparison.processors = about->processors;
    set_arms(m, comparison);
    set_ratios(m, comparison);
    set_texts(m, comparison, about->title);
    set_request(m, about->request);
    return m;
}

void comparison_message_free(struct comparison_message *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->comparison.n_arms; i++) {
        free(m->arms[i].rounds);
        free(m->arms[i].round_pointers);
    }
    for (size_t i = 0; i < m->comparison.n_notes; i++)
        free(m->notes[i]);
    free(m->title);
    free(m->verdict);
    free(m);
}
