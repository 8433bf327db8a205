/** An S3 of our own: OpenStack Swift from Debian's packages, its four servers on one machine, each at a port of its own. */
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { type Program, startProgram, WITH_US } from './program.ts';

/** Why it cannot be started. */
export const s3Missing = ['proxy', 'account', 'container', 'object'].every((kind) =>
  existsSync(`/usr/bin/swift-${kind}-server`),
)
  ? undefined
  : 'OpenStack Swift is not installed (test/install.sh)';

export interface S3Server extends Program {
  readonly url: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

const KINDS = ['account', 'container', 'object'] as const;

/** Swift's own programs read /etc/swift, and each loads all of Swift: this one loads it once for the four of them. */
const LAUNCHER = `
import ctypes, os, socket, sys, time
folder, ports = sys.argv[1], [int(port) for port in sys.argv[2:]]
from swift.common import utils
utils.SWIFT_CONF_FILE = folder + '/swift.conf'
from swift.common import storage_policy
storage_policy.reload_storage_policies()
from swift.common.ring import RingBuilder
from swift.common.wsgi import run_wsgi
kinds = ['account', 'container', 'object', 'proxy']
for kind, port in zip(kinds[:3], ports):
    ring = RingBuilder(4, 1, 0)
    ring.add_dev({'id': 0, 'region': 1, 'zone': 1, 'weight': 1.0, 'ip': '127.0.0.1', 'port': port, 'device': 'd1',
                  'replication_ip': '127.0.0.1', 'replication_port': port, 'meta': ''})
    ring.rebalance()
    path = folder + '/' + kind + '.ring.gz'
    if not os.path.exists(path):
        ring.get_ring().save(path)
for kind in kinds[:3]:
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(1, 9)
        sys.exit(run_wsgi(folder + '/' + kind + '.conf', kind + '-server'))
# Whoever does not answer the first one is left alone by it for a minute.
for port in ports:
    while socket.socket().connect_ex(('127.0.0.1', port)) != 0:
        time.sleep(0.02)
sys.exit(run_wsgi(folder + '/proxy.conf', 'proxy-server'))
`;

export async function startS3(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'pabal-s3-'));
  await chmod(folder, 0o755);
  const root = process.getuid?.() === 0;
  const common = (port: number): string =>
    `[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = ${port}\nworkers = 0\nuser = ${root ? 'root' : (process.env['USER'] ?? 'nobody')}\n` +
    `swift_dir = ${folder}\ndevices = ${folder}/devices\nmount_check = false\nlog_level = ERROR\n`;
  const ports: number[] = [];
  await mkdir(join(folder, 'devices', 'd1'), { recursive: true });
  await writeFile(
    join(folder, 'swift.conf'),
    '[swift-hash]\nswift_hash_path_prefix = a\nswift_hash_path_suffix = b\n[storage-policy:0]\nname = one\ndefault = yes\n',
  );
  for (const kind of KINDS) {
    const port = await freePort();
    ports.push(port);
    await writeFile(
      join(folder, `${kind}.conf`),
      `${common(port)}[pipeline:main]\npipeline = ${kind}-server\n[app:${kind}-server]\nuse = egg:swift#${kind}\n`,
    );
  }
  const port = await freePort();
  const use = (name: string, more = ''): string => `[filter:${name}]\nuse = egg:swift#${name}\n${more}`;
  await writeFile(
    join(folder, 'proxy.conf'),
    `${common(port)}[pipeline:main]\npipeline = catch_errors gatekeeper cache s3api tempauth slo dlo proxy-server\n` +
      '[app:proxy-server]\nuse = egg:swift#proxy\nallow_account_management = true\naccount_autocreate = true\n' +
      'error_suppression_interval = 0\n' +
      use('catch_errors') +
      use('gatekeeper') +
      '[filter:cache]\nuse = egg:swift#memcache\nmemcache_servers = 127.0.0.1:1\n' +
      use('s3api', 's3_acl = false\nmin_segment_size = 1\n') +
      use('tempauth', 'user_pabal_pabal = secretsecret .admin\n') +
      use('slo', 'yield_frequency = 1\n') +
      use('dlo'),
  );
  await writeFile(join(folder, 'launch.py'), LAUNCHER);
  const program = await startProgram(port, 'setpriv', [
    ...WITH_US,
    '/usr/bin/python3',
    join(folder, 'launch.py'),
    folder,
    ...ports.map(String),
  ]);
  return {
    ...program,
    url: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    accessKey: 'pabal:pabal',
    secretKey: 'secretsecret',
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** To look behind the scenes, and to spoil what is there. */
export function s3Client({ url, region, accessKey, secretKey }: S3Server) {
  const s3 = new S3Client({
    endpoint: url,
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  return {
    s3,
    keys: async (Bucket: string): Promise<string[]> =>
      ((await s3.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).map(({ Key = '' }) => Key),
    [Symbol.dispose]: () => s3.destroy(),
  };
}
