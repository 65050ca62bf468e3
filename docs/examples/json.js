// Answers JSON that is computed from the request.
export default {
    async fetch(request) {
        const url = new URL(request.url);
        const numbers = request.method === "POST" ? await request.json() : [...url.searchParams.values()].map(Number);
        const sum = numbers.reduce((total, number) => total + number, 0);

        console.log("summed", numbers.length, "numbers");
        return Response.json({ path: url.pathname, numbers, sum });
    },
};
