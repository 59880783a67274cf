import t from 'tap';
import { findMisspelt } from '../../src/config/misspelt.ts';

t.test('a variable that is nearly one of the service is named with the right one', async (t) => {
  for (const [given, meant] of [
    ['HOLD_TLL_MS', 'HOLD_TTL_MS'],
    ['HOLD_TTL', 'HOLD_TTL_MS'],
    ['hold_ttl_ms', 'HOLD_TTL_MS'],
    ['DATABSE_URL', 'DATABASE_URL'],
    ['QUEUE_MAXACTIVE', 'QUEUE_MAX_ACTIVE'],
    ['RATE_LIMIT', 'RATE_LIMIT_PER_MINUTE'],
    ['ADMIN_TOKNE', 'ADMIN_TOKEN'],
  ] as const) {
    t.same(findMisspelt({ [given]: '1' }), [{ given, meant }]);
  }
  t.same(findMisspelt({ HOLD_TLL_MS: '1', HOLD_TTL_MS: '1' }), [], 'the right one is set too');
});

t.test('foreign variables cause no alarm', async (t) => {
  const foreign = `HOME HOSTNAME HOST_IP NODE_IP NODE_ENV NODE_OPTIONS NODE_PATH NODE_VERSION PATH PORT_RANGE PWD OLDPWD LANG LC_ALL TERM
    SHELL SHLVL USER LOGNAME MAIL EDITOR PAGER TMPDIR DISPLAY SSH_AUTH_SOCK HTTP_PROXY HTTPS_PROXY NO_PROXY CI DEBUG NO_COLOR FORCE_COLOR
    npm_config_cache npm_package_name npm_lifecycle_event INIT_CWD PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE POSTGRES_PASSWORD POSTGRES_USER
    DATABASE_PORT DATABASE_HOST REDIS_HOST REDIS_PORT REDIS_PASSWORD REDIS_SERVICE_HOST KUBERNETES_SERVICE_HOST KUBERNETES_PORT_443_TCP
    DOCKER_HOST COMPOSE_PROJECT_NAME NOTIFY_SOCKET LISTEN_FDS INVOCATION_ID JOURNAL_STREAM SYSTEMD_EXEC_PID MEMORY_PRESSURE_WATCH
    JWT_SECRET AUTH_TOKEN SECRET_KEY ADMIN_PASSWORD ADMIN_EMAIL DATADIR LOG_FORMAT LOG_FILE SENTRY_DSN OTEL_SERVICE_NAME TZ`;
  t.same(findMisspelt(Object.fromEntries(foreign.split(/\s+/).map((name) => [name, 'x']))), []);
});
