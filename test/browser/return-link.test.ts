import { randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import type { Fan } from '../fixtures/api-client.ts';
import { startBrowser } from '../fixtures/browser.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { comeToPage, type FanPage, type FanPageOptions, refusedWith } from '../fixtures/fan-page.ts';
import { startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const browsing = await startBrowser(t);

/** Shows the return link in the wallet, and reads it. */
async function linkOf(fan: FanPage): Promise<string> {
  await fan.open('#/wallet');
  await fan.press(fan.t.returnLink.show);
  const dialog = fan.page.getByRole('dialog', { name: fan.t.returnLink.title });
  await dialog.getByRole('img', { name: fan.t.returnLink.code }).waitFor();
  return dialog.getByRole('textbox', { name: fan.t.returnLink.label }).inputValue();
}

/** Everything that the browser sends in a page, as one text. */
function sentBy(fan: FanPage): () => string {
  let sent = '';
  fan.page.on('request', (request) => {
    sent += `${request.url()} ${request.headers()['referer'] ?? ''} ${request.postData() ?? ''}\n`;
  });
  return () => sent;
}

if (browsing !== null) {
  const api = await startTestService(t, await createTestDatabase(t));

  /** A page in which a new account is signed in, by its return link. */
  const comeSignedIn = async (t: Test, options: FanPageOptions = {}) => {
    const name = randomUUID();
    const answer = await api.call('POST', '/users', { body: { name, email: `${name}@example.com` } });
    const { accessToken } = answer.as<Fan>();
    const fan = await comeToPage(t, browsing, api, { language: 'en', ...options });
    await fan.page.goto(`${api.url}/#/enter/${accessToken}`);
    await fan.page.getByText(fan.t.notice.welcome(name), { exact: true }).waitFor();
    return { fan, name, accessToken };
  };

  for (const [language, width, height] of [
    ['ko', 390, 844],
    ['en', 390, 844],
    ['ko', 1_280, 900],
    ['en', 1_280, 900],
  ] as const) {
    const screen = { language, context: { viewport: { width, height } } };

    await t.test(
      `a return link opens the account on a second device, and signing out asks: ${language}, ${width}`,
      async (t) => {
        const { fan, name, accessToken } = await comeSignedIn(t, screen);
        const link = await linkOf(fan);
        t.equal(link, `${api.url}/#/enter/${accessToken}`);

        const second = await comeToPage(t, browsing, api, screen);
        const sent = sentBy(second);
        await second.page.goto(link);
        await second.page.getByText(second.t.notice.welcome(name), { exact: true }).waitFor();
        t.equal(second.page.url(), `${api.url}/#/tickets`, 'the token is not in the address');
        t.equal(await second.accessToken(), accessToken);
        t.notMatch(sent(), accessToken, 'and was sent to nobody but in the header of the API');
        await second.open('#/wallet');
        await second.page.getByText(`${name}@example.com`).waitFor();
        await second.page.goBack();
        await second.heading(second.t.tickets.title).waitFor();
        t.equal(second.page.url(), `${api.url}/#/tickets`, 'nor in the history');

        await second.open('#/wallet');
        await second.press(second.t.wallet.signOut);
        const dialog = second.page.getByRole('dialog', { name: second.t.signOutDialog.title });
        await dialog.getByText(second.t.signOutDialog.words, { exact: true }).waitFor();
        await second.hands.press(dialog.getByRole('button', { name: second.t.frame.cancel, exact: true }));
        await dialog.waitFor({ state: 'detached' });
        t.equal(await second.accessToken(), accessToken, 'still signed in');
        await second.press(second.t.wallet.signOut);
        await second.hands.press(dialog.getByRole('button', { name: second.t.signOutDialog.yes, exact: true }));
        await second.button(second.t.frame.signIn).waitFor();
        await t.rejects(second.accessToken());
      },
    );
  }

  await t.test('another account is not replaced without being asked, in the same tab either', async (t) => {
    const { fan: first } = await comeSignedIn(t);
    const link = await linkOf(first);
    const { fan: second, accessToken: own } = await comeSignedIn(t);
    await second.page.evaluate(`location.href = ${JSON.stringify(link)}`);
    const dialog = second.page.getByRole('dialog', { name: second.t.switchDialog.title });
    await dialog.waitFor();
    t.equal(second.page.url(), `${api.url}/#/tickets`);
    await second.hands.press(dialog.getByRole('button', { name: second.t.frame.cancel, exact: true }));
    t.equal(await second.accessToken(), own);
    await second.page.goto(link);
    await second.hands.press(dialog.getByRole('button', { name: second.t.switchDialog.yes, exact: true }));
    await waitFor(async () => (await second.accessToken()) !== own, { deadlineMs: 5_000, what: 'the other account' });
    t.equal(await second.accessToken(), await first.accessToken());
  });

  await t.test('a link that has ended or lost its end says so, and changes nothing', async (t) => {
    const { fan, accessToken: own } = await comeSignedIn(t, { tolerates: [refusedWith(401)] });
    for (const token of [own.slice(0, -10), 'abc']) {
      await fan.open('#/');
      await fan.page.evaluate(`location.hash = '#/enter/${token}'`);
      await fan.page.getByText(fan.t.notice.linkEnded, { exact: true }).waitFor();
      t.equal(await fan.accessToken(), own);
    }
  });
}
