// The global object of workers. Its properties are as Web IDL has them: interfaces are not
// enumerable, functions and attributes are.

import { AbortController, AbortSignal } from "./abort.js";
import { base64Functions } from "./base64.js";
import { Blob, File } from "./blob.js";
import { cloneFunctions } from "./clone.js";
import { CompressionStream, DecompressionStream } from "./compression.js";
import { console } from "./console.js";
import { Crypto, crypto } from "./crypto.js";
import { DOMException } from "./domexception.js";
import { TextDecoder, TextEncoder } from "./encoding.js";
import { ErrorEvent } from "./errorevent.js";
import { CustomEvent, Event } from "./event.js";
import {
    EventTarget,
    addEventListener,
    dispatchEvent,
    removeEventListener,
} from "./eventtarget.js";
import { ExtendableEvent } from "./extendableevent.js";
import { fetchFunctions } from "./fetch.js";
import { FetchEvent } from "./fetchevent.js";
import { FormData } from "./formdata.js";
import { WorkerGlobalScope } from "./globalscope.js";
import { Headers } from "./headers.js";
import { MessageEvent } from "./messageevent.js";
import { MessageChannel, MessagePort } from "./messageport.js";
import { Navigator, navigator } from "./navigator.js";
import { Performance, performance } from "./performance.js";
import {
    defineProperty,
    getOwnPropertyDescriptor,
    global,
    ownKeys,
    setPrototypeOf,
} from "./primordials.js";
import { PromiseRejectionEvent } from "./rejections.js";
import { reportFunctions } from "./report.js";
import { Request } from "./request.js";
import { Response } from "./response.js";
import { ScheduledEvent } from "./scheduledevent.js";
import { TaskEvent } from "./taskevent.js";
import { streamInterfaces } from "./streams/streams.js";
import { TextDecoderStream, TextEncoderStream } from "./textstreams.js";
import { timerFunctions } from "./timers.js";
import "./streams/transfer.js";
import { CryptoKey } from "./subtle/key.js";
import { SubtleCrypto } from "./subtle/subtle.js";
import { URLSearchParams } from "./url/searchparams.js";
import { URL } from "./url/url.js";
import { URLPattern } from "./urlpattern/urlpattern.js";

const interfaces = {
    AbortController,
    AbortSignal,
    Blob,
    CompressionStream,
    Crypto,
    CryptoKey,
    CustomEvent,
    DOMException,
    DecompressionStream,
    ErrorEvent,
    Event,
    EventTarget,
    ExtendableEvent,
    FetchEvent,
    File,
    FormData,
    Headers,
    MessageChannel,
    MessageEvent,
    MessagePort,
    Navigator,
    Performance,
    PromiseRejectionEvent,
    Request,
    Response,
    ...streamInterfaces,
    ScheduledEvent,
    SubtleCrypto,
    TaskEvent,
    TextDecoder,
    TextDecoderStream,
    TextEncoder,
    TextEncoderStream,
    URL,
    URLPattern,
    URLSearchParams,
    WorkerGlobalScope,
};

const functions = {
    ...base64Functions,
    ...cloneFunctions,
    ...fetchFunctions,
    ...reportFunctions,
    ...timerFunctions,
    addEventListener,
    dispatchEvent,
    removeEventListener,
};

const attributes = {
    get crypto() {
        return crypto;
    },
    get navigator() {
        return navigator;
    },
    get performance() {
        return performance;
    },
    set performance(value) {
        replace("performance", value);
    },
    get self() {
        return global;
    },
    set self(value) {
        replace("self", value);
    },
};

// [Replaceable]: assigning makes it an ordinary property.
function replace(name, value) {
    defineProperty(global, name, {
        __proto__: null,
        value,
        writable: true,
        enumerable: true,
        configurable: true,
    });
}

function defineAll(members, isEnumerable) {
    for (const name of ownKeys(members)) {
        const descriptor = getOwnPropertyDescriptor(members, name);
        descriptor.enumerable = isEnumerable;
        defineProperty(global, name, descriptor);
    }
}

export function installGlobals() {
    defineAll(interfaces, false);
    defineAll({ console }, false);
    defineAll(functions, true);
    defineAll(attributes, true);
    setPrototypeOf(global, WorkerGlobalScope.prototype);
}
