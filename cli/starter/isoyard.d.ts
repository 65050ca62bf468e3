// What an Isoyard worker exports, and what it is given. The rest of its world is the web's: set "lib" to
// ["ES2022", "WebWorker"] in tsconfig.json.

/** What a handler is given beside its event. */
export interface Context {
    /** Keeps the execution going after the answer until the promise has settled, within a limit. */
    waitUntil(promise: Promise<unknown>): void;
}

/** A point in time that the worker is told of. */
export interface ScheduledEvent {
    /** When it was due, in milliseconds since 1970. */
    readonly scheduledTime: number;
    /** The schedule as its owner wrote it; may be empty. */
    readonly cron: string;
}

/** Work for the worker. */
export interface TaskEvent {
    /** What the caller sent, from JSON. */
    readonly payload: any;
    /** Counted from 1. */
    readonly attempt: number;
}

/** A worker's default export: the handlers that it has, at least one. */
export interface Worker {
    fetch?(request: Request, env: Record<string, unknown>, context: Context): Response | Promise<Response>;
    scheduled?(event: ScheduledEvent, env: Record<string, unknown>, context: Context): unknown;
    task?(event: TaskEvent, env: Record<string, unknown>, context: Context): unknown;
}
