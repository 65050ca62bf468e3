// What the URLPattern package finds where it looks for globals: see package.mjs.

import { min } from "../primordials.js";

export { RegExp, TypeError, parseInt } from "../primordials.js";
export { URL } from "../url/url.js";

export const Math = { __proto__: null, min };

// Of the package's own objects only.
export const Object = {
    __proto__: null,
    assign(target, ...sources) {
        for (let i = 0; i < sources.length; i++) {
            for (const key in sources[i]) {
                target[key] = sources[i][key];
            }
        }
        return target;
    },
    // It gives its functions their names back, which a minifier has taken.
    defineProperty: (target) => target,
};
