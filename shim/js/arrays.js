// What the prelude does with its own arrays. The methods of Array ask the worker's world for a
// constructor (Symbol.species) or an iterator.

export function copyOf(array) {
    const copy = [];
    for (let i = 0; i < array.length; i++) {
        copy[i] = array[i];
    }
    return copy;
}

export function removeFrom(array, item) {
    let kept = 0;
    for (let i = 0; i < array.length; i++) {
        if (array[i] !== item) {
            array[kept++] = array[i];
        }
    }
    array.length = kept;
}
