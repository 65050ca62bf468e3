// ArrayBuffer.prototype.transfer and its kin; no buffer of this engine can be resized.
// https://tc39.es/ecma262/#sec-arraybuffer.prototype.transfer

import { host } from "../host.js";
import { TypeError, arrayBufferByteLength, arrayBufferPrototype } from "../primordials.js";
import { installMissing, toIndex } from "./install.js";

// A buffer of that length with the bytes of this one, which is detached.
function transfer(buffer, newLength) {
    const length = arrayBufferByteLength(buffer);
    const wanted = newLength === undefined ? length : toIndex(newLength);
    if (host.isDetached(buffer)) {
        throw new TypeError("The ArrayBuffer is detached");
    }
    return host.transferBuffer(buffer, wanted);
}

installMissing(arrayBufferPrototype, {
    get detached() {
        arrayBufferByteLength(this);
        return host.isDetached(this);
    },

    transfer(newLength = undefined) {
        return transfer(this, newLength);
    },

    transferToFixedLength(newLength = undefined) {
        return transfer(this, newLength);
    },
});
