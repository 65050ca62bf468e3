// All of them.

import "./arrays.js";
import "./buffers.js";
import "./collections.js";
import "./iterators.js";
import "./promises.js";
import "./strings.js";
