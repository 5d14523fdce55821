import { afterAll, beforeAll, expect, it } from 'vitest';
import { labDown } from '../../src/lab/down.ts';
import { labUp } from '../../src/lab/up.ts';
import { kind as command } from '../../src/resources/command.ts';
import { kind as directory } from '../../src/resources/directory.ts';
import type { Resource } from '../../src/resources/kind.ts';
import { kind as service } from '../../src/resources/service.ts';
import { kind as sysctl } from '../../src/resources/sysctl.ts';
import { kind as user } from '../../src/resources/user.ts';
import { Box } from './box-engine.ts';

const LAB = 'refusals';
const box = new Box(LAB);

/** Applies one resource and gives its only step. */
async function apply(resource: Resource, adopt: readonly string[] = []) {
  const { steps } = await box.apply(await box.plan([resource], adopt));
  expect(steps).toHaveLength(1);
  return steps[0] ?? { status: 'failed', output: '' };
}

const unit = (name: string, start: string) =>
  box.must(
    `printf '[Service]\\nType=exec\\nExecStart=%s\\n[Install]\\nWantedBy=multi-user.target\\n' ${JSON.stringify(start)} >/etc/systemd/system/${name}.service`,
  );

beforeAll(() => labUp({ name: LAB, release: 'bookworm', report: () => {} }));
afterAll(() => labDown({ name: LAB, report: () => {} }));

it('says that a kernel setting belongs to the machine that a container runs on, and leaves nothing behind', async () => {
  const { status, output } = await apply(sysctl.of({ key: 'vm.swappiness', value: 7 }));
  expect(status).toBe('failed');
  expect(output).toMatch(/^vm\.swappiness cannot be set here: this host is a container/m);
  expect((await box.sh('ls /etc/sysctl.d/*hostwright*')).code).not.toBe(0);
});

it('says that the kernel refuses a value, or does not know a setting', async () => {
  const refused = await apply(sysctl.of({ key: 'net.ipv4.ip_forward', value: 'yes' }));
  expect(refused.output).toMatch(/^The kernel refused yes for net\.ipv4\.ip_forward$/m);
  const unknown = await apply(sysctl.of({ key: 'net.ipv4.no_such_thing', value: 1 }));
  expect(unknown.output).toMatch(/^This kernel has no setting net\.ipv4\.no_such_thing/m);
});

it('shows the last words of a service that does not start', async () => {
  await unit('hwfails', '/bin/sh -c "echo my last words; exit 3"');
  const { status, output } = await apply(service.of({ name: 'hwfails' }));
  expect(status).toBe('failed');
  expect(output).toMatch(/my last words/);
  expect(output).toMatch(/^hwfails\.service did not start/m);
});

it('does not start a service whose own program refuses its configuration', async () => {
  await unit('hwinvalid', '/bin/sleep infinity');
  const { output } = await apply(
    service.of({ name: 'hwinvalid', validate: ['sh', '-c', 'echo line 7 is wrong; exit 1'] }),
  );
  expect(output).toMatch(/line 7 is wrong\nhwinvalid was not started: sh -c .* refuses its configuration/);
  expect((await box.sh('systemctl is-active hwinvalid')).stdout).toBe('inactive\n');
});

it('says that nothing brings a service', async () => {
  const { output } = await apply(service.of({ name: 'hwmissing' }));
  expect(output).toMatch(/^There is no unit hwmissing\.service on this host/m);
});

it('unmasks a service only on the user’s word', async () => {
  await box.must('ln -sf /dev/null /etc/systemd/system/hwmasked.service; systemctl daemon-reload');
  const resource = service.of({ name: 'hwmasked' });
  expect((await box.plan([resource])).changes.map(({ conflict }) => conflict)).toEqual(['adopt']);
  await box.must('rm /etc/systemd/system/hwmasked.service');
  await box.must(
    'mkdir -p /usr/lib/systemd/system; printf "[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n" >/usr/lib/systemd/system/hwmasked.service; systemctl daemon-reload; systemctl -q mask hwmasked',
  );
  const { status, output } = await apply(resource, [resource.id]);
  expect(status, output).toBe('changed');
  expect((await box.sh('systemctl is-active hwmasked')).stdout).toBe('active\n');
});

it('stops when the host is no longer as the plan saw it', async () => {
  await box.must('mkdir -m 0700 /srv/moved');
  const resource = directory.of({ path: '/srv/moved' });
  const plan = await box.plan([resource], [resource.id]);
  await box.must('chmod 0711 /srv/moved');
  const { steps } = await box.apply(plan);
  expect(steps.map(({ status }) => status)).toEqual(['failed']);
  expect(await box.must('stat -c %a /srv/moved')).toBe('711\n');
});

it('says which folder is missing above', async () => {
  const { output } = await apply(directory.of({ path: '/srv/no/such' }));
  expect(output).toMatch(/^\/srv\/no does not exist: declare it as a directory before \/srv\/no\/such/m);
});

it('says that a guard still asks after its command ran', async () => {
  const { output } = await apply(command.of({ name: 'idle', run: ['true'], creates: '/srv/never' }));
  expect(output).toMatch(/^true ended well, but its guard still says that it is needed/m);
});

it('keeps the files of an account that it takes away again', async () => {
  const plan = await box.plan([user.of({ name: 'hwkeeper' })]);
  const { run } = await box.apply(plan);
  await box.must('echo precious >/home/hwkeeper/file');
  await box.undo(plan, run);
  expect((await box.sh('getent passwd hwkeeper')).code).not.toBe(0);
  expect(await box.must('cat /home/hwkeeper/file')).toBe('precious\n');
});
