/*
 * Compiled code of workers, kept for the isolates that come later: V8's bytecode of a file, made
 * when a first execution has been answered, so that the functions that it called are in it. It is
 * made by this process from the version's own text, or by one before it, whose keeper (shim.h) has
 * kept it. It lives as long as the process, within a bound: what was used longest ago goes first.
 *
 * The key is tenant, version's hash and file: V8 itself looks only at the length of the text, at
 * its own version and at its flags. Tenants share nothing, so that none learns what others run.
 *
 * Any thread.
 */
#ifndef ISOYARD_CODE_CACHE_H
#define ISOYARD_CODE_CACHE_H

#include "shim/shim.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/* All code that is kept, that of one file, and the text that is worth it, in bytes. */
#define CODE_CACHE_BYTES_MAX ((size_t)64 << 20)
#define CODE_CACHE_FILE_BYTES_MAX ((size_t)16 << 20)
#define CODE_CACHE_TEXT_BYTES_MIN ((size_t)1 << 10)

using cached_code = std::shared_ptr<const std::vector<uint8_t>>;

std::string code_cache_key(const struct script *script, const struct script_file *file);

/* The code of a file, or nothing; counts as a miss then. */
cached_code code_cache_find(const std::string &key);

/* V8 took what was found, or did not; in the latter case it is dropped. */
void code_cache_note(const std::string &key, bool was_rejected);

/* Keeps the code, which is copied, unless it is too large, and tells the keeper. In a turn. */
void code_cache_put(const std::string &key, const uint8_t *data, size_t len);

#endif
