// The dashboard in a real browser: node page.mjs PAGE ISOYARD ADDRESS FOLDER
//
// PAGE is served by a server at ADDRESS that is under load; ISOYARD is the client. Screenshots go to FOLDER. Whoever started
// this stops the load when "quiet" is printed, and says so with a line on stdin.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [url, isoyard, address, folder] = process.argv.slice(2);
const PATIENCE_MS = 60000;

const stats = () => JSON.parse(execFileSync(isoyard, ["--address", address, "--json", "pool", "stats"]));

const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
const problems = [];
const requests = new Set();

async function open(options) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) problems.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => problems.push(`page: ${error.stack}`));
    page.on("request", (request) => requests.add(new URL(request.url()).origin));
    await page.goto(url);
    await page.waitForFunction(() => Number(document.body.dataset.events) >= 3);
    return page;
}

const shoot = (page, name, fullPage) =>
    page.screenshot({ path: `${folder}/${name}.jpg`, fullPage, type: "jpeg", quality: 80 });

/** No part is wider than the page, nor a form than its card: nobody scrolls sideways. */
async function checkFits(page) {
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(over <= 0, `the page is ${over} px too wide`);
    const wide = await page.evaluate(() => [...document.querySelectorAll("form *")]
        .filter((part) => part.getBoundingClientRect().right > part.closest("form").getBoundingClientRect().right + 1)
        .map((part) => part.outerHTML.slice(0, 60)));
    assert.deepEqual(wide, []);
    const cards = await page.evaluate(() => [...document.querySelectorAll(".card")]
        .filter((card) => card.scrollWidth > card.clientWidth || card.scrollHeight > card.clientHeight)
        .map((card) => card.id));
    assert.deepEqual(cards, [], "cards scroll");
}

async function checkLive(page) {
    assert.match(await page.textContent("[data-tile=answered] strong"), /[1-9].*\/s/);
    assert.match(await page.textContent("[data-tile=p99] strong"), /(µs|ms| s)$/);
    assert.equal(await page.locator("#lanes tbody tr").count(), stats().config.lanes);
    assert.match(await page.textContent("#workers"), /mailer/); // most of the calls
    assert.match(await page.textContent("#server"), / 1 dashboard open/);
    assert.match(await page.textContent("#failures tbody"), /on purpose/);
    assert.match(await page.textContent("#failures tbody"), /limit exceeded: cpu/);
    const drawn = await page.locator("canvas").first().evaluate((canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return data.some((value) => value > 0);
    });
    assert.ok(drawn, "the curve is empty");
}

/** With nothing under way the page says what GetStats says. */
async function checkFigures(page) {
    const s = stats();
    const expected = {
        submitted: s.tasks.submitted, answered: s.tasks.answered, failed: s.tasks.failed,
        limit_exceeded: s.tasks.limit_exceeded, cancelled: s.tasks.cancelled, refused: s.tasks.refused,
        condemned: s.tasks.condemned, spreads: s.tasks.spreads, created: s.isolates.created, evicted: s.isolates.evicted,
        adoptions: s.threads.adoptions, terminations: s.threads.terminations, wall_p99_us: s.wall.p99_us,
    };
    const seen = Number(await page.evaluate(() => document.body.dataset.events));
    await page.waitForFunction((n) => Number(document.body.dataset.events) > n + 1, seen);
    for (const [name, value] of Object.entries(expected))
        assert.equal(Number(await page.getAttribute(`[data-figure=${name}]`, "data-value")), value, name);
    assert.ok(expected.answered > 100 && expected.failed > 0 && expected.limit_exceeded > 0);
}

async function checkSwitch(page) {
    const switches = stats().switches;
    await page.check("input[name=architecture][value=shared]");
    await page.click("#switch summary");
    await page.selectOption("#switch select[name=handoff]", "mutex");
    await page.click("#switch button[type=submit]");
    await page.click("#confirm button:has-text('Cancel')");
    await page.waitForTimeout(1500);
    assert.equal(stats().switches, switches, "a switch that was not confirmed happened");
    await page.click("#switch button[type=submit]");
    const sent = page.waitForRequest(/api\/switch$/);
    await page.click("#confirm button.primary");
    assert.deepEqual((await sent).postDataJSON(), { architecture: "shared", handoff: "mutex" }); // the rest is as started
    await page.waitForFunction(() => /Switched to shared/.test(document.querySelector("#switch .status").textContent));
    await page.waitForFunction(() => /^shared mutex/.test(document.querySelector("#serving").textContent));
    const s = stats();
    assert.equal(s.switches, switches + 1);
    assert.equal(s.architecture, "ARCHITECTURE_SHARED");
    assert.equal(s.config.handoff, "HANDOFF_MUTEX");
    await page.fill("#switch input[name=lanes]", "3");
    await page.fill("#switch input[name=isolates]", "2");
    await page.click("#switch button[type=submit]");
    await page.click("#confirm button.primary");
    await page.waitForFunction(() => /isolates is 2/.test(document.querySelector("#switch .status").textContent));
}

async function checkCompare(page) {
    await page.fill("#compare input[name=rounds]", "6");
    await page.uncheck("#compare input[value='shared mutex']");
    await page.click("#compare button[type=submit]");
    await page.waitForFunction(() => document.querySelector("#compare button[type=submit]").textContent === "Stop");
    await page.waitForSelector("#compare .verdict");
    const arms = await page.locator("#compare .bars").first().locator("tbody tr").allTextContents();
    assert.equal(arms.length, 3);
    assert.equal(await page.locator("#compare .bars").first().locator(".whisker .line").count(), 3);
    const id = (await page.textContent("#compare .status")).match(/comparison (\d+)/)[1];
    const report = JSON.parse(execFileSync(isoyard, ["--address", address, "--json", "pool", "comparisons", id]));
    assert.equal(await page.textContent("#compare .verdict"), report.verdict);
    await checkStored(page, report);
    await page.fill("#compare input[name=rounds]", "101");
    await page.click("#compare button[type=submit]");
    await page.waitForFunction(() => document.querySelector("#compare button[type=submit]").textContent === "Stop");
    await page.click("#compare button[type=submit]");
    await page.waitForFunction(() => document.querySelector("#compare button[type=submit]").textContent === "Compare");
    await checkOutcomeGoes(page, report);
}

/** What became of a comparison is said once: not of the next one that is looked at, nor by the next event. */
async function checkOutcomeGoes(page, report) {
    const status = page.locator("#compare form > .status");
    assert.equal(await status.textContent(), "the comparison was cancelled");
    await page.click(`.stored button[data-id="${report.id}"]`);
    assert.equal(await status.textContent(), "");
    await awaitEvents(page, 2);
    assert.equal(await status.textContent(), "");
}

async function awaitEvents(page, count) {
    const until = Number(await page.evaluate(() => document.body.dataset.events)) + count;
    await page.waitForFunction((n) => Number(document.body.dataset.events) >= n, until);
}

const command = (...words) => execFileSync(isoyard, ["--address", address, ...words]);

/** What is shown is the row that is marked, with the bars of its report. */
async function checkShown(page, report) {
    await page.waitForFunction((text) => document.querySelector("#compare .verdict").textContent === text, report.verdict);
    await page.waitForSelector(`.stored button[data-id="${report.id}"][aria-current=true]`);
    assert.equal(await page.locator(".stored [aria-current]").count(), 1);
    assert.deepEqual(await page.locator("#compare .bars").first().locator("tbody th").allTextContents(), report.arms.map((arm) => arm.name));
    const medians = await page.locator("#compare .bars").first().locator("tbody tr").evaluateAll((rows) => rows.map((r) => r.textContent));
    assert.equal(medians.length, report.arms.length);
}

/** The list has what ListComparisons has, also what the client began, and shows what is chosen by mouse or keyboard. */
async function checkStored(page, report) {
    const row = (id) => page.locator(`.stored button[data-id="${id}"]`);
    await row(report.id).waitFor();
    await checkShown(page, report);
    const text = await row(report.id).textContent();
    assert.ok(text.includes(report.title) && text.includes(report.verdict), text);
    assert.match(text, /^\d+ \w+ \d{4}, \d\d:\d\d/);
    command("pool", "compare", "--workload", "warm", "--rounds", "3", "--arms", "legacy,pinned");
    const list = JSON.parse(command("--json", "pool", "comparisons")).comparisons;
    const newest = JSON.parse(command("--json", "pool", "comparisons", String(Math.max(...list.map((c) => c.id)))));
    assert.ok(newest.id > report.id);
    await row(newest.id).waitFor(); // without a reload
    assert.equal(await page.locator(".stored [data-id]").first().getAttribute("data-id"), String(newest.id));
    await checkShown(page, report); // what was shown stays
    await row(newest.id).click();
    await checkShown(page, newest);
    await page.waitForTimeout(2500);
    await checkShown(page, newest); // no event takes it away
    await row(report.id).focus();
    await page.keyboard.press("Enter");
    await checkShown(page, report);
    assert.equal(await page.evaluate(() => document.activeElement.dataset.id), String(report.id));
}

/** Reloaded, it shows what was before. */
async function checkHistory(page) {
    await page.reload();
    await page.waitForFunction(() => Number(document.body.dataset.events) >= 1);
    const points = await page.evaluate(async () => (await (await fetch("api/history")).json()).time_ms.length);
    assert.ok(points > 10, `${points} points of history`);
    assert.equal(await page.textContent("#compare form > .status"), "", "what was said before the reload");
}

const quiet = new Promise((resolve) => createInterface({ input: process.stdin }).once("line", resolve));
try {
    const wide = await open({ viewport: { width: 1480, height: 1000 } });
    await checkLive(wide);
    await checkCompare(wide);
    await checkSwitch(wide);
    await wide.waitForTimeout(4000);
    await checkFits(wide);
    await wide.evaluate(() => scrollTo(0, 0));
    await shoot(wide, "wide", false);
    await shoot(wide, "whole", true);
    const dark = await open({ viewport: { width: 1680, height: 1050 }, colorScheme: "dark" });
    await dark.waitForSelector("#compare .verdict"); // of the comparison before
    await shoot(dark, "dark", true);
    const phone = await open({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true });
    await checkFits(phone);
    await phone.evaluate(() => document.querySelectorAll("#lanes .who").forEach((cell) => cell.replaceChildren("acme/thumbnails-of-all")));
    await checkFits(phone); // whoever runs just then
    await shoot(phone, "phone", true);
    await phone.waitForSelector(".stored [aria-current]");
    await phone.locator("#compare").screenshot({ path: `${folder}/phone-compare.jpg`, type: "jpeg", quality: 80 });
    const wall = await open({ viewport: { width: 3840, height: 2160 } });
    await checkFits(wall);
    await shoot(wall, "wall", false);
    console.log("quiet");
    await quiet;
    await checkFigures(wide);
    await checkHistory(wide);
    assert.deepEqual(problems, []);
    assert.deepEqual([...requests], [new URL(url).origin], "it asks elsewhere");
} finally {
    await browser.close();
}
process.exit(0);
