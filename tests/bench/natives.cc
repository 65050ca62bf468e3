/* A flag of V8. */
#include "natives.h"

#include <v8.h>

void natives_allow(void)
{
    v8::V8::SetFlagsFromString("--allow-natives-syntax");
}
