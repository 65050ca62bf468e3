// Bodies as Blob and as FormData. https://fetch.spec.whatwg.org/#body-mixin

import { newBlob } from "./blob.js";
import { takeBytes } from "./body.js";
import { formDataOf } from "./formdata.js";
import { host } from "./host.js";
import { extractMimeType, parameterOf, serializeMimeType } from "./mimetype.js";
import { parseMultipart } from "./multipart.js";
import { TypeError } from "./primordials.js";
import { parseForm } from "./url/form.js";

// contentType: the header's value, or null.
export async function takeBlob(holder, contentType) {
    const bytes = await takeBytes(holder);
    const type = contentType === null ? null : extractMimeType(contentType);
    return newBlob(bytes, type === null ? "" : serializeMimeType(type));
}

export async function takeFormData(holder, contentType) {
    const bytes = await takeBytes(holder);
    const type = contentType === null ? null : extractMimeType(contentType);
    const essence = type === null ? "" : `${type.type}/${type.subtype}`;
    if (essence === "multipart/form-data") {
        return formDataOf(parseMultipart(bytes, boundaryOf(type)));
    }
    if (essence === "application/x-www-form-urlencoded") {
        return formDataOf(parseForm(host.decodeUtf8(bytes, false, true)));
    }
    throw new TypeError(`A body whose Content-Type is "${contentType ?? ""}" is no form`);
}

function boundaryOf(type) {
    const boundary = parameterOf(type, "boundary");
    if (boundary === null) {
        throw new TypeError("The Content-Type of a multipart/form-data body has no boundary");
    }
    return boundary;
}
