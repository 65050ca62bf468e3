// GraphQL: queries, variables, mutations, errors, introspection.

import { buildSchema, graphql } from "graphql";

const schema = buildSchema(`
    enum Genre { NOVEL POETRY }
    type Author { name: String! books: [Book!]! }
    type Book { id: ID! title: String! genre: Genre author: Author! price(currency: String = "EUR"): Float }
    type Query { book(id: ID!): Book books(genre: Genre, first: Int): [Book!]! broken: String }
    type Mutation { rename(id: ID!, title: String!): Book }
`);

const ada = { name: "Ada", books: () => library };
const newBook = (id, title, genre) => ({
    id,
    title,
    genre,
    author: ada,
    price: ({ currency }) => (currency === "EUR" ? 9.5 : 10),
});
const library = [newBook("1", "One", "NOVEL"), newBook("2", "Two", "POETRY")];

const rootValue = {
    book: ({ id }) => library.find((book) => book.id === id),
    books: async ({ genre, first }) =>
        library.filter((book) => !genre || book.genre === genre).slice(0, first),
    broken: () => Promise.reject(new Error("no such thing")),
    rename: ({ id, title }) => ({ ...rootValue.book({ id }), title }),
};

export default {
    async fetch(request) {
        const { query: source, variables: variableValues } = await request.json();
        const result = await graphql({ schema, source, rootValue, variableValues });
        return Response.json(result, { status: result.data === undefined ? 400 : 200 });
    },
};

const queries = [
    { query: "{ books { id title genre author { name books { id } } } }" },
    {
        query: "query ($id: ID!, $c: String) { book(id: $id) { title price(currency: $c) } }",
        variables: { id: "2", c: "USD" },
    },
    { query: 'mutation { rename(id: "1", title: "Eins") { title } }' },
    { query: "{ broken books(first: 1) { id } }" },
    { query: "{ nothing }" },
    { query: "{ books(" },
    { query: '{ __type(name: "Book") { fields { name type { kind name } } } }' },
];

export const requests = queries.map((value) => ({
    url: "/graphql",
    method: "POST",
    body: JSON.stringify(value),
}));
