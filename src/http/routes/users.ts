import type { Limit } from '../hooks/rate-limit.ts';
import { NoBody, NoQuery, refer } from '../schemas/basics.ts';
import { normaliseEmail, normaliseText } from '../schemas/formats.ts';
import { AccessToken, NewUser, RegisteredUser, User } from '../schemas/users.ts';
import type { App, Services } from '../services.ts';

export function userRoutes(
  app: App,
  { users, accessTokens, guards, newId, responder, options }: Services,
  mayRegister: Limit,
): void {
  if (options.auth.issue) {
    app.post(
      '/users',
      {
        schema: {
          operationId: 'registerUser',
          summary: 'Register',
          description:
            'Creates a user with an empty wallet; the answer carries an access token. The route exists while AUTH_ISSUE is true. Each address may register a limited number of users in a minute.',
          tags: ['users'],
          body: NewUser,
          querystring: NoQuery,
          response: { 201: refer(RegisteredUser) },
        },
        config: { refuses: ['EMAIL_TAKEN', 'RATE_LIMITED'] },
      },
      async (request, reply) => {
        if (!(await mayRegister(request, reply))) return reply;
        const decision = await users.register({
          userId: newId(),
          name: normaliseText(request.body.name),
          email: normaliseEmail(request.body.email),
        });
        if (!decision.ok) return responder.refuse(reply, decision.rejection);
        const { userId, name, email } = decision.value;
        reply.code(201).send({ userId, name, email, ...accessTokens.issue(userId) });
      },
    );
  }

  if (options.auth.secret !== null) {
    app.post(
      '/me/token',
      {
        schema: {
          operationId: 'renewAccessToken',
          summary: 'A new access token',
          description: 'The token of the request stays valid until its own end.',
          tags: ['users'],
          body: NoBody,
          querystring: NoQuery,
          response: { 201: refer(AccessToken) },
        },
        config: { guard: 'user' },
      },
      async (request, reply) => {
        const caller = await guards.user(request);
        if (!caller.ok) return responder.refuse(reply, caller.rejection);
        reply.code(201).send(accessTokens.issue(caller.value.userId));
      },
    );
  }

  app.get(
    '/me',
    {
      schema: {
        operationId: 'getMe',
        summary: 'Who I am',
        description: 'The user of the access token or queue token.',
        tags: ['users'],
        querystring: NoQuery,
        response: { 200: refer(User) },
      },
      config: { guard: 'userOrShopper', refuses: ['USER_NOT_FOUND'] },
    },
    async (request, reply) => {
      const caller = await guards.userOrShopper(request);
      if (!caller.ok) return responder.refuse(reply, caller.rejection);
      const user = await users.find(caller.value.userId);
      if (user === null) return responder.refuse(reply, { code: 'USER_NOT_FOUND', members: {} });
      reply.send(user);
    },
  );
}
