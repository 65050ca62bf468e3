// Why a task or a start-up failed: the numbers of enum failure_reason in api/failure.h that the
// prelude uses.

export const EXCEPTION = 1;
export const INVALID_RESPONSE = 4;
export const NO_HANDLER = 5;
export const INVALID_PAYLOAD = 13;
