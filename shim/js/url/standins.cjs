// What whatwg-url's parser requires in place of three modules; standins.js fills it. It is CommonJS
// because the parser is: were the prelude's own modules required from there, the bundler would wrap
// each of them in a function, to be called by whoever comes first.
module.exports = {};
