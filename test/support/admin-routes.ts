/** Routes for those who run the service: what administrators are answered, and whose work each is. */
import { type Role, ROLES } from '../../src/directory/offices.ts';

export const OPERATOR = ['GET /metrics'];
/** With what an administrator gets where there is nothing. */
export const ADMINISTRATOR: Record<string, number> = {
  'GET /v1/admin/deliverability': 200,
  'GET /v1/admin/reports': 200,
  'GET /v1/admin/health': 200,
  'GET /v1/admin/queues': 200,
  'GET /v1/admin/queues/:name': 400,
  'POST /v1/admin/queues/entries/:id/retry': 404,
  'GET /v1/admin/domains': 200,
  'GET /v1/admin/domains/:name/records': 400,
  'GET /v1/admin/accounts': 200,
  'POST /v1/admin/accounts': 400,
  'PUT /v1/admin/accounts/:address/suspended': 400,
  'PUT /v1/admin/accounts/:address/quota': 400,
  'PUT /v1/admin/accounts/:address/role': 400,
  'POST /v1/admin/accounts/:address/password-link': 404,
  'DELETE /v1/admin/accounts/:address/second-step': 404,
  'POST /v1/admin/accounts/:address/unlock': 404,
  'GET /v1/admin/role': 200,
  'GET /v1/admin/roles': 200,
  'GET /v1/admin/domains/:name/catch-all': 400,
  'PUT /v1/admin/domains/:name/catch-all': 400,
  'GET /v1/admin/domains/:name/limits': 400,
  'PUT /v1/admin/domains/:name/limits': 400,
  'GET /v1/admin/accounts/:address/data': 404,
  // Nobody sees a stream's end: the matrix asks for one from a place that is none.
  'GET /v1/admin/flow': 400,
  'GET /v1/admin/oauth/clients': 200,
  'POST /v1/admin/oauth/clients': 400,
  'DELETE /v1/admin/oauth/clients/:id': 404,
  'GET /v1/admin/holds': 200,
  'POST /v1/admin/holds': 400,
  'DELETE /v1/admin/holds/:id': 404,
  'GET /v1/admin/audit': 200,
  'GET /v1/admin/audit/verification': 200,
  'GET /v1/admin/quarantine': 200,
  'GET /v1/admin/quarantine/:id': 404,
  'POST /v1/admin/quarantine/:id/release': 404,
  'DELETE /v1/admin/quarantine/:id': 404,
};

const KEEPERS: readonly Role[] = ['operator', 'domain-administrator'];
const HELPERS: readonly Role[] = [...KEEPERS, 'helpdesk'];
const READERS: readonly Role[] = ['operator', 'auditor'];

/** Whose work it is beside that of operators: a route that is not here is for these alone. */
export const ROLES_OF: Record<string, readonly Role[]> = {
  'GET /v1/admin/deliverability': READERS,
  'GET /v1/admin/reports': READERS,
  'GET /v1/admin/health': READERS,
  'GET /v1/admin/queues': READERS,
  'GET /v1/admin/audit': READERS,
  'GET /v1/admin/audit/verification': READERS,
  'GET /v1/admin/roles': READERS,
  'GET /v1/admin/holds': READERS,
  'GET /v1/admin/role': ROLES,
  'GET /v1/admin/accounts': ROLES,
  'GET /v1/admin/domains': ROLES,
  'GET /v1/admin/domains/:name/records': KEEPERS,
  'GET /v1/admin/domains/:name/catch-all': KEEPERS,
  'PUT /v1/admin/domains/:name/catch-all': KEEPERS,
  'GET /v1/admin/domains/:name/limits': [...KEEPERS, 'auditor'],
  'POST /v1/admin/accounts': KEEPERS,
  'PUT /v1/admin/accounts/:address/suspended': KEEPERS,
  'PUT /v1/admin/accounts/:address/quota': KEEPERS,
  'POST /v1/admin/accounts/:address/password-link': HELPERS,
  'DELETE /v1/admin/accounts/:address/second-step': HELPERS,
  'POST /v1/admin/accounts/:address/unlock': HELPERS,
};
