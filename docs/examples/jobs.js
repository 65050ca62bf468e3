// Answers no requests: it works when it is told to, and at its time.
export default {
    task({ payload, attempt }) {
        return { product: payload.numbers.reduce((product, number) => product * number, 1), attempt };
    },
    scheduled({ cron, scheduledTime }) {
        console.log("it is time:", cron, new Date(scheduledTime).toISOString().slice(0, 4));
    },
};
