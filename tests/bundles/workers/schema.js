// Zod: parsing, coercion, messages.

import { z } from "zod";

const Order = z.object({
    id: z.uuid(),
    email: z.email(),
    placed: z.coerce.date(),
    items: z
        .array(z.object({ sku: z.string().regex(/^[A-Z]{2}\d+$/), count: z.int().positive() }))
        .min(1),
    coupon: z.string().trim().toUpperCase().optional(),
    payment: z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("card"), last4: z.string().length(4) }),
        z.object({ kind: z.literal("invoice"), address: z.string() }),
    ]),
});

export default {
    async fetch(request) {
        const result = Order.safeParse(await request.json());
        return result.success
            ? Response.json(result.data)
            : Response.json(z.treeifyError(result.error), { status: 422 });
    },
};

const good = {
    id: "7b0e2c8e-5a3c-4c39-9d38-2f0a4f0c1b11",
    email: "a@example.com",
    placed: "2026-01-02",
    items: [{ sku: "AB12", count: 2 }],
    coupon: " x ",
    payment: { kind: "card", last4: "1234" },
    unknown: 1,
};
const bad = { ...good, email: "a", items: [{ sku: "x", count: 0.5 }], payment: { kind: "cash" } };

export const requests = [good, bad, {}, []].map((value) => ({
    url: "/orders",
    method: "POST",
    body: JSON.stringify(value),
}));
