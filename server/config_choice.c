/* The pool that is chosen while the server runs, or was in an earlier run. */
#include "server/config.h"

#include "api/bytes.h"
#include "server/setting.h"

#include <stdlib.h>

static bool is_given(const struct config *config, const struct setting *s)
{
    return config->given >> (s - settings) & 1;
}

static const struct setting *find_pools_setting(const char *name)
{
    const size_t begin = offsetof(struct config, pool_config);
    const size_t end = begin + sizeof(struct pool_config);

    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *s = &settings[i];
        bool is_pools =
            s->offset == offsetof(struct config, pool) || (s->offset >= begin && s->offset < end);

        if (is_pools && strcmp(s->name, name) == 0)
            return s;
    }
    return NULL;
}

static int choose(struct config *config, const struct pool_setting *chosen, struct error *error)
{
    const struct setting *s = find_pools_setting(chosen->name);

    if (!s)
        return error_set(error, E_INVALID, chosen->name, "a pool has no such setting");
    return setting_set(s, config, chosen->value, error);
}

/* A copy that owns its pool's name, and nothing else. */
static struct config copy_of(const struct config *config)
{
    struct config copy = *config;

    copy.pool = xstrdup(config->pool);
    return copy;
}

static void make_plan(struct config *copy, struct pool_plan *ret)
{
    *ret = (struct pool_plan){pool_ops_find(copy->pool), copy->pool_config};
    free(copy->pool);
}

int config_choose(const struct config *config, const struct pool_choice *choice,
                  struct pool_plan *ret, struct error *error)
{
    struct config copy = copy_of(config);
    struct pool_plan plan;
    int err = 0;

    for (size_t i = 0; i < choice->count && !err; i++)
        err = choose(&copy, &choice->settings[i], error);
    make_plan(&copy, &plan);
    if (!err)
        *ret = plan;
    return err;
}

static void resume(struct config *copy, const struct pool_setting *chosen)
{
    const struct setting *s = find_pools_setting(chosen->name);
    struct error error;

    if (s && is_given(copy, s))
        return;
    if (choose(copy, chosen, &error))
        log_warn("what the last switch of pools chose cannot be any more",
                 log_text("setting", chosen->name), log_text("value", chosen->value),
                 log_text("error", error.message));
}

void config_resume(const struct config *config, const struct pool_choice *choice,
                   struct pool_plan *ret)
{
    struct config copy = copy_of(config);
    bool is_set_aside = is_given(config, find_pools_setting("pool"));

    for (size_t i = 0; i < choice->count && !is_set_aside; i++)
        resume(&copy, &choice->settings[i]);
    make_plan(&copy, ret);
    config_bound_isolates(&ret->config);
}
