import { equal, test, throws, worker } from "./harness.js";

test("btoa", () => {
    equal(btoa(""), "");
    equal(btoa("a"), "YQ==");
    equal(btoa("ab"), "YWI=");
    equal(btoa("abc"), "YWJj");
    equal(btoa("\0\xff\xfe"), "AP/+");
    equal(btoa(null), "bnVsbA==");
    equal(btoa(12), "MTI=");
});

test("btoa refuses what is above a byte", () => {
    equal(throws("InvalidCharacterError", () => btoa("☃")).code, 5);
    throws("InvalidCharacterError", () => btoa("a\u0100"));
});

test("atob", () => {
    equal(atob(""), "");
    equal(atob("YQ=="), "a");
    equal(atob("YQ"), "a");
    equal(atob("YWI="), "ab");
    equal(atob("AP/+"), "\0\xff\xfe");
    equal(atob(" Y\tW\nJ\fj\r "), "abc");
    equal(atob("YR"), "a", "bits left over are dropped");
    equal(atob(null), "\x9e\xe9e");
});

test("atob refuses what is not base64", () => {
    for (const text of [
        "a",
        "abcde",
        "=",
        "==",
        "YQ=",
        "YQ===",
        "Y=Q=",
        "YWJj=",
        "a-b_",
        "ä",
        "a\0==",
        "☃",
    ]) {
        throws("InvalidCharacterError", () => atob(text), JSON.stringify(text));
    }
});

test("all bytes there and back", () => {
    let all = "";
    for (let i = 0; i < 256; i++) {
        all += String.fromCharCode(i);
    }
    equal(atob(btoa(all)), all);
});

test("an argument is needed", () => {
    throws(TypeError, () => atob());
    throws(TypeError, () => btoa());
    throws(TypeError, () => btoa(Symbol("a")));
});

export default worker;
