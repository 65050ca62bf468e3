/* The shim asks for its snapshot by three functions. They are defined here, so that the linker
 * takes nothing of the library's member that has the snapshot. */
#include "snapshot_files.h"

#include "shim/engine.h"

#include <fstream>
#include <sstream>
#include <string>

static std::string prelude, snapshot, sha256;
static v8::StartupData blob;

static bool read_file(const std::string &path, std::string *ret)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;

    text << file.rdbuf();
    *ret = text.str();
    return file && !ret->empty();
}

size_t snapshot_files_read(const char *folder)
{
    std::string at(folder);

    if (!read_file(at + "/prelude.js", &prelude) || !read_file(at + "/snapshot.bin", &snapshot) ||
        !read_file(at + "/snapshot.sha256", &sha256))
        return 0;
    blob = {snapshot.data(), (int)snapshot.size()};
    return snapshot.size();
}

struct bytes engine_prelude_source()
{
    return {prelude.data(), prelude.size()};
}

v8::StartupData *engine_snapshot()
{
    return &blob;
}

const unsigned char *engine_snapshot_sha256()
{
    return (const unsigned char *)sha256.data();
}
