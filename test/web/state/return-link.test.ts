import t from 'tap';
import { endOfToken, returnLink, tokenOfReturnLink } from '../../../web/state/return-link.ts';

function tokenWith(claims: unknown): string {
  return `head.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;
}

t.test('a return link has the token in its fragment, where it is found again', async (t) => {
  const token = tokenWith({ sub: '한글-?>', exp: 1_800_000_000 });
  const url = new URL(returnLink('https://tickets.example', token));
  t.equal(url.origin + url.pathname + url.search, 'https://tickets.example/');
  t.equal(tokenOfReturnLink(url.hash), token);
});

t.test('an address that was cut or changed is a broken link, and no other address is one', async (t) => {
  for (const hash of ['#/enter/', '#/enter/a.b', '#/enter/a.b.c/d', '#/enter/a.b.c%20', '#/enter/a\nb.c.d']) {
    t.equal(tokenOfReturnLink(hash), 'broken', hash);
  }
  for (const hash of ['', '#/', '#/tickets', '#/enter', '#enter/a.b.c']) t.equal(tokenOfReturnLink(hash), null, hash);
});

t.test('the end of a token is read where the token has one', async (t) => {
  t.equal(endOfToken(tokenWith({ exp: 1_800_000_000, name: '>>>???ÿ' })), 1_800_000_000_000);
  for (const token of [tokenWith({}), tokenWith(null), tokenWith({ exp: 'soon' }), 'a.%.c', 'opaque']) {
    t.equal(endOfToken(token), null, token);
  }
});
