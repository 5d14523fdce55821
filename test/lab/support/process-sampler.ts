/** Looks at the arguments and the environment of every process of a machine, a hundred times a second. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { labCapture, machineArgv } from '../../../src/lab/exec.ts';
import { run } from '../../../src/lab/run.ts';

/**
 * Perl, which is on every Debian. Prints `looks seconds`, then everything seen once. Ends when the file is there that
 * its argument names. What perl reads is not in its own arguments, and its output goes to a pipe.
 */
const SAMPLER = String.raw`
use Time::HiRes qw(time sleep); my ($looks, %seen, %last) = (0); my $begun = time;
sub text { open(my $in, "<", $_[0]) or return; local $/; my $text = <$in>; return $text; }
until (-e $ARGV[0]) {
  my $now = time; my %there;
  opendir(my $proc, "/proc"); my @pids = grep { /^\d/ } readdir $proc; closedir $proc;
  for my $pid (@pids) {
    my $words = text("/proc/$pid/cmdline"); next unless defined $words;
    $there{$pid} = $words;
    # The environment is another one only after an exec, as the arguments are.
    next if defined $last{$pid} && $last{$pid} eq $words;
    $seen{$words} = 1; my $env = text("/proc/$pid/environ"); $seen{$env} = 1 if defined $env;
  }
  %last = %there;
  $looks++; my $left = 0.01 - (time - $now); sleep $left if $left > 0;
}
printf "%d %.2f\n%s", $looks, time - $begun, join("\n", keys %seen);`;

/** What the processes showed while `work` went on. */
export interface Sampled<Result> {
  readonly result: Result;
  /** All arguments and environments, joined. */
  readonly text: string;
  /** Looks a second: in the box, and on this computer, which sees the processes of the box too. */
  readonly rates: readonly number[];
}

/** Samples the box of a lab and this computer while `work` goes on. A process with a word that must be seen runs in both. */
export async function sampled<Result>(lab: string, work: () => Promise<Result>): Promise<Sampled<Result>> {
  const stop = `/tmp/hostwright-sampler-${randomBytes(6).toString('hex')}`;
  const box = (argv: readonly string[]) => labCapture({ name: lab, node: 'box', argv });
  // Before everything else: on a busy computer it is the others that have to wait.
  const argv = ['nice', '-n', '-15', 'perl', '-e', SAMPLER, stop];
  const samplers = [box(argv), run(argv)];
  const canary = randomBytes(12).toString('hex');
  const watched = spawn('sleep', ['5'], { env: { ...process.env, CANARY: `here-${canary}` } });
  const [program = '', ...words] = machineArgv(lab, 'box', ['env', `CANARY=box-${canary}`, 'sleep', '5']);
  const there = spawn(program, words);
  try {
    const result = await work();
    return { result, ...(await ended(samplers, [`here-${canary}`, `box-${canary}`], stop, box)) };
  } finally {
    watched.kill();
    there.kill();
    await Promise.all([box(['touch', stop]), run(['touch', stop])]);
    await Promise.all(samplers);
    await Promise.all([box(['rm', '-f', stop]), run(['rm', '-f', stop])]);
  }
}

async function ended(
  samplers: readonly Promise<{ readonly stdout: string; readonly stderr: string }>[],
  canaries: readonly string[],
  stop: string,
  box: (argv: readonly string[]) => Promise<unknown>,
): Promise<Omit<Sampled<never>, 'result'>> {
  await Promise.all([box(['touch', stop]), run(['touch', stop])]);
  const outputs = await Promise.all(samplers);
  const text = outputs.map(({ stdout }) => stdout).join('\n');
  for (const canary of canaries)
    if (!text.includes(canary)) throw new Error(`The sampler is blind: it has not seen ${canary}`);
  const rates = outputs.map(({ stdout, stderr }) => {
    const [, looks, seconds] = /^(\d+) ([\d.]+)\n/.exec(stdout) ?? [];
    if (seconds === undefined) throw new Error(`The sampler failed: ${stderr}`);
    return Number(looks) / Number(seconds);
  });
  return { text, rates };
}
