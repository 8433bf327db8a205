/** The HTTP listener: REST API, events, documentation, start page, health and metrics. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import multipart from '@fastify/multipart';
import { fastify, LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyReply, RouteOptions } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { AddressBooks } from '../../intake/contacts/address-book.ts';
import { formatHostPort } from '../../net/address.ts';
import { auditRequests } from './audited.ts';
import { identify, requireReach } from './auth.ts';
import { HTTP_LIMITS } from './context.ts';
import type { App, Services } from './context.ts';
import { readClientFiles } from './client-files.ts';
import { Cursors } from './cursor.ts';
import { EventStreams } from './events.ts';
import { HtmlCleaner } from './html-cleaner.ts';
import { LeavingLinks } from './leaving.ts';
import { readJson } from './json.ts';
import { officeOf } from './office.ts';
import { methodsOf } from './methods.ts';
import { PROBLEMS, Problem, problemBody, toProblem } from './reply.ts';
import type { ProblemCode } from './reply.ts';
import { RemoteImages } from './remote-images.ts';
import { RequestRate } from './request-rate.ts';
import { acmeChallengeRoute } from './routes/acme-challenge.ts';
import { adminServiceRoutes } from './routes/admin-service.ts';
import { adminAccountRoutes } from './routes/admin-accounts.ts';
import { adminDomainRoutes } from './routes/admin-domains.ts';
import { adminRoutes } from './routes/admin.ts';
import { appPasswordRoutes } from './routes/app-passwords.ts';
import { autoconfigurationRoutes } from './routes/autoconfiguration.ts';
import { classificationRoutes } from './routes/classifications.ts';
import { clientRoutes } from './routes/client.ts';
import { contactFileRoutes } from './routes/contact-files.ts';
import { contactGroupRoutes } from './routes/contact-groups.ts';
import { contactRoutes } from './routes/contacts.ts';
import { documentation } from './routes/documentation.ts';
import { draftRoutes } from './routes/drafts.ts';
import { eventRoutes } from './routes/events.ts';
import { flowRoutes } from './routes/flow.ts';
import { folderRoutes } from './routes/folders.ts';
import { imageRoute } from './routes/image.ts';
import { labelRoutes } from './routes/labels.ts';
import { oauthClientRoutes, oauthGrantRoutes } from './routes/oauth-grants.ts';
import { oauthPageRoutes } from './routes/oauth-pages.ts';
import { oauthRoutes } from './routes/oauth.ts';
import { leaveRoute } from './routes/leave.ts';
import { mailFileRoutes } from './routes/mail-files.ts';
import { messageRoutes } from './routes/messages.ts';
import { operatorAccess, operatorRoutes } from './routes/operator.ts';
import { absenceRoutes, newMailRoutes, peopleRoutes, rejectRoutes } from './routes/own-mail.ts';
import { originalRoutes } from './routes/originals.ts';
import { pageRoutes } from './routes/pages.ts';
import { placeRoutes } from './routes/places.ts';
import { passkeyRoutes } from './routes/passkeys.ts';
import { legalHoldRoutes } from './routes/legal-holds.ts';
import { personDataRoutes } from './routes/person-data.ts';
import { profileRoutes } from './routes/profile.ts';
import { pickUpRoutes } from './routes/pick-up.ts';
import { receiptRoutes } from './routes/receipts.ts';
import { reportRoutes } from './routes/reports.ts';
import { ruleRoutes } from './routes/rules.ts';
import { scriptRoutes } from './routes/scripts.ts';
import { shownAttachmentRoutes } from './routes/shown-attachments.ts';
import { stsPolicyRoute } from './routes/sts-policy.ts';
import { searchRoutes } from './routes/search.ts';
import { sendRoutes } from './routes/send.ts';
import { secondStepRoutes } from './routes/second-step.ts';
import { signUpRoutes } from './routes/sign-up.ts';
import { snoozeRoutes } from './routes/snooze.ts';
import { sessionRoutes } from './routes/session.ts';
import { submissionRoutes } from './routes/submissions.ts';
import { pagerRoutes } from './routes/pager.ts';
import { pushRoutes } from './routes/push.ts';
import { quarantineRoutes } from './routes/quarantine.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { senderMailboxRoutes } from './routes/sender-mailbox.ts';
import { suppressionRoutes } from './routes/suppressions.ts';
import { threadRoutes } from './routes/threads.ts';
import { SortKeys } from './sort-keys.ts';
import { UploadBudget } from './uploads.ts';
import type { HttpOptions, HttpServer, HttpRoute } from './options.ts';

export async function createHttpServer(options: HttpOptions): Promise<HttpServer> {
  const { directory, mailstore, log, metrics } = options;
  const limits = { ...HTTP_LIMITS, ...options.limits };
  const { privateWebhooks = false, paging = false } = options;
  const cursors = new Cursors(options.secret);
  const leaving = new LeavingLinks(options.secret);
  const images = options.remoteImages && new RemoteImages({ ...options, ...options.remoteImages });
  const services: Services = { ...options, limits, privateWebhooks, paging, cursors, leaving, images };
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;

  const app: App = fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.json,
    trustProxy: [...(options.trustedProxies ?? [])],
    routerOptions: { maxParamLength: 600 },
    // We listen ourselves, on as many addresses as asked for.
    serverFactory: (handler) => {
      handle = handler;
      return createServer(handler);
    },
    frameworkErrors: (_error, _request, reply) => {
      const body = problemBody('invalid');
      void (reply as FastifyReply).code(body.status).type('application/problem+json').send(JSON.stringify(body));
    },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);

  const routes: HttpRoute[] = [];
  app.addHook('onRoute', (route: RouteOptions) => {
    // The documentation's own files are as public as the documentation.
    if (route.url.startsWith('/docs')) route.config = { ...route.config, access: 'public' };
    const access = route.config?.access ?? 'signed-in';
    for (const method of [route.method].flat()) routes.push({ method, url: route.url, access });
  });

  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'style-src': ["'self'"],
        'form-action': ["'self'"],
        'base-uri': ["'none'"],
        'frame-ancestors': ["'none'"],
      },
    },
    frameguard: { action: 'deny' },
    // Whoever ends TLS in front of us promises that, for the whole host.
    hsts: false,
  });
  await app.register(cookie);
  app.decorateRequest('signedIn', undefined);
  app.decorateRequest('office', undefined);
  app.decorateRequest('bodyDigest', '');
  let operatorListens = false;
  const operatorSockets = new WeakSet<Socket>();
  const rate = options.requests && new RequestRate(options.cache, options.requests);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store');
    if (!operatorSockets.has(request.socket)) await rate?.count(request.ip);
    if (request.is404) return;
    // Nothing unpacks bodies: taken as it is, a packed one would only be misread.
    if ((request.headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity')
      throw new Problem('media-type');
    const access = request.routeOptions.config.access ?? 'signed-in';
    if (operatorListens && request.routeOptions.url !== '/healthz') {
      if (operatorSockets.has(request.socket) !== (access === 'operator')) throw new Problem('not-found');
    }
    if (access === 'public') return;
    if (access === 'operator') {
      operatorAccess(request, options.operatorToken);
      return;
    }
    request.signedIn = await identify(request, services);
    if (request.signedIn === undefined) throw new Problem('not-signed-in');
    requireReach(request.signedIn, request.routeOptions.config);
    if (access === 'administrator') request.office = await officeOf(request, services.offices);
  });

  auditRequests(app, options.audit);

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      done(null, readJson(request, body as Buffer, limits));
    } catch (error) {
      done(error as Error);
    }
  });

  app.setErrorHandler((error, request, reply) => {
    const problem = toProblem(error);
    const body = problemBody(problem.code, problem.message, problem.errors);
    // What we are to blame for is in the log with all it says; the caller hears only that it happened.
    if (body.status >= 500) request.log.error({ err: error, route: request.routeOptions.url }, 'a request failed');
    if (body.status === 401) reply.header('www-authenticate', 'Bearer');
    return reply
      .headers(problem.headers)
      .code(body.status)
      .type('application/problem+json')
      .serializer((payload: unknown) => JSON.stringify(payload))
      .send(body);
  });
  app.setNotFoundHandler((request) => {
    const allowed = operatorSockets.has(request.socket) ? [] : methodsOf(routes, request.url);
    if (allowed.length === 0) throw new Problem('not-found');
    throw new Problem('method', '', { headers: { allow: allowed.join(', ') } });
  });

  const seconds = metrics.histogram('http_request_seconds', 'Time to answer a request', ['route', 'method', 'status']);
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    seconds.observe({ route, method: request.method, status: String(reply.statusCode) }, reply.elapsedTime / 1_000);
  });

  const streams = new EventStreams({
    mailstore,
    access: options.access,
    stillSignedIn: ({ user }) => directory.stillOpens(user),
    limits,
    log,
    metrics,
  });
  const ending = new AbortController();
  const sortKeys = new SortKeys(16 << 20);
  const cleaner = new HtmlCleaner();
  const budget = new UploadBudget(limits.uploads);
  const books = new AddressBooks();

  await documentation(app);
  await app.register(async (scope) => {
    const api = scope.withTypeProvider<ZodTypeProvider>();
    sessionRoutes(api, services);
    signUpRoutes(api, options.signUp);
    profileRoutes(api, services, options.submit);
    appPasswordRoutes(api, services);
    personDataRoutes(api, services, options.compliance);
    passkeyRoutes(api, services);
    secondStepRoutes(api, services);
    oauthGrantRoutes(api, services);
    oauthClientRoutes(api, services);
    placeRoutes(api, services);
    folderRoutes(api, services, sortKeys);
    mailFileRoutes(api, services, budget);
    messageRoutes(api, services, cleaner);
    snoozeRoutes(api, services, options.queue);
    labelRoutes(api, services);
    shownAttachmentRoutes(api, services);
    receiptRoutes(api, services);
    originalRoutes(api, services);
    reportRoutes(api, services);
    threadRoutes(api, services, sortKeys);
    submissionRoutes(api, services, options.submit);
    suppressionRoutes(api, services);
    if (options.senderMailboxes) senderMailboxRoutes(api, services, options.senderMailboxes);
    webhookRoutes(api, services);
    pagerRoutes(api, services);
    pushRoutes(api, services);
    ruleRoutes(api, services, options.rules, options.scripts);
    scriptRoutes(api, services, options.scripts);
    classificationRoutes(api, services, options.classifier);
    rejectRoutes(api, services);
    peopleRoutes(api, services);
    contactRoutes(api, services, books);
    contactFileRoutes(api, services, books, budget);
    contactGroupRoutes(api, services, books);
    absenceRoutes(api, services);
    newMailRoutes(api, services);
    searchRoutes(api, services);
    eventRoutes(api, streams);
    flowRoutes(api, { ...options, streams, limits, ending: ending.signal });
    adminRoutes(api, options);
    adminServiceRoutes(api, services, options);
    adminAccountRoutes(api, services);
    adminDomainRoutes(api, services);
    legalHoldRoutes(api, options.compliance);
    quarantineRoutes(api, services, options.quarantine);
  });
  // Only these take multipart.
  await app.register(async (scope) => {
    await scope.register(multipart, {
      // Every part is read as a stream, by us.
      isPartAFile: () => true,
      limits: { files: 101, parts: 101, headerPairs: 50, fileSize: limits.message + 1 },
    });
    const api = scope.withTypeProvider<ZodTypeProvider>();
    sendRoutes(api, services, options.submit, budget, options.senderMailboxes);
    draftRoutes(api, services, budget);
  });
  await app.register(async (scope) => operatorRoutes(scope, { health: options.health, metrics }));
  const client = options.clientFolder === undefined ? undefined : readClientFiles(options.clientFolder);
  await app.register(async (scope) => pageRoutes(scope, { ...options, client }));
  const { pickUp } = options;
  if (pickUp !== undefined) await app.register(async (scope) => pickUpRoutes(scope, pickUp, cleaner));
  if (client !== undefined) clientRoutes(app, client);
  stsPolicyRoute(app, directory, options.stsPolicy);
  acmeChallengeRoute(app, options.acmeChallenge ?? (() => undefined));
  leaveRoute(app, leaving);
  imageRoute(app, images);
  await app.register(async (scope) => autoconfigurationRoutes(scope, options));
  await app.register(async (scope) => oauthRoutes(scope, services));
  await app.register(async (scope) => oauthPageRoutes(scope, services));
  await app.ready();

  const servers = new Set<Server>();
  const replaced = new DisposableStack();
  const listen: HttpServer['listen'] = async (address, audience = 'public', tls) => {
    const patience = {
      maxHeaderSize: limits.headers,
      headersTimeout: 20_000,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: 5_000,
    };
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      // `GET /` and nothing else is HTTP/0.9, which the parser would let pass.
      if (request.httpVersionMajor === 1) handle(request, response);
      else response.writeHead(505, { connection: 'close' }).end();
    };
    let server: Server;
    if (tls === undefined) server = createServer(patience, onRequest);
    else {
      const secured = createTlsServer({ ...patience, ...tls.serverOptions, handshakeTimeout: 10_000 }, onRequest);
      replaced.use(tls.onReplaced(() => secured.setSecureContext(tls.serverOptions)));
      server = secured;
    }
    server.maxConnections = limits.connections;
    server.on('clientError', refuseUnreadable);
    if (audience === 'operator') server.on('connection', (socket: Socket) => operatorSockets.add(socket));
    operatorListens ||= audience === 'operator';
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject).listen(address.port, address.host, resolve);
    await promise;
    server.off('error', reject);
    server.on('error', (error) => log.error({ err: error }, 'HTTP listener'));
    servers.add(server);
    const bound = server.address() as AddressInfo;
    return formatHostPort({ host: address.host, port: bound.port });
  };

  const close = async (graceMs = 10_000): Promise<void> => {
    streams[Symbol.dispose]();
    replaced.dispose();
    ending.abort();
    const closing = [...servers].map((server) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      return closed.finally(() => clearTimeout(timer));
    });
    servers.clear();
    await Promise.all(closing);
    await app.close();
    await cleaner[Symbol.asyncDispose]();
  };

  return { listen, close, inject: app.inject.bind(app), routes, [Symbol.asyncDispose]: () => close() };
}

const UNREADABLE: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
};

/** What is no HTTP request never gets as far as a route; it is answered here, and the connection ends. */
function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = UNREADABLE[error.code ?? ''] ?? 'invalid';
  const body = JSON.stringify(problemBody(code));
  socket.end(
    `HTTP/1.1 ${PROBLEMS[code][0]} Refused\r\nConnection: close\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroySoon(),
  );
}
