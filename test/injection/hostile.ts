/** Text that would do harm wherever somebody takes it for more than text. */
import fc from 'fast-check';

/**
 * What makes the file `canary` if a shell, a config reader or a template runs it. It needs no program: a redirection is
 * enough.
 */
export function payloads(canary: string): readonly string[] {
  const run = `: >${canary}`;
  return [
    `$(${run})`,
    `\`${run}\``,
    `; ${run} ;`,
    `' ; ${run} ; '`,
    `" ; ${run} ; "`,
    `'"; ${run}; "'`,
    `\\'; ${run}; \\'`,
    `& ${run} &`,
    `| ${run}`,
    `|| ${run}`,
    `&& ${run}`,
    `\n${run}\n`,
    `\r\n${run}\r\n`,
    `'\n${run}\n'`,
    `"\n${run}\n"`,
    `\n${run} #`,
    `\${x:-$(${run})}`,
    `\${x:=\`${run}\`}`,
    `$((\`${run}\`))`,
    `$'\\n'${run}`,
    `>${canary}`,
    `x >${canary}`,
    `<(${run})`,
    `)\n${run}\n(`,
    `}\n${run}\n{`,
    `;;\nesac\n${run}\ncase x in`,
    `EOF\n${run}\ncat <<EOF`,
    `'EOF'\n${run}`,
    `\\\n${run}`,
    `\u0000; ${run}`,
    `/e ${run}`,
    `x/e;s/.*/${run}/e;`,
    `{{#with "s"}}${run}{{/with}}`,
    `{{constructor.constructor "${run}"}}`,
    `{{{${run}}}}`,
    `"; }\nserver { listen 1; } # ${run}`,
    `; } location / { root /; } #`,
    `$document_root/../..`,
    `%i%n%H%%${run}`,
    `%s%s%n%x %d`,
    `\nExecStart=/bin/sh -c '${run}'`,
    `\n[Service]\nExecStart=+/bin/sh -c "${run}"`,
    `" accept comment "`,
    `" ; policy accept ; #`,
    `'*'`,
    `* ? [a-z]`,
    `~root`,
    `-`,
    `--`,
    `-e ${run}`,
    `--help`,
    `-o APT::Update::Pre-Invoke::=${run}`,
    `--reference=/etc/shadow`,
    `../../../../etc/cron.d/x`,
    `/../../etc/passwd`,
    `/etc/passwd\u0000.txt`,
    `!${run}`,
    `#${run}`,
    `a\tb\t${run}`,
    `\u202e${run}\u202c`,
    `e\u0301\u0327`.repeat(40),
    `\u2028${run}\u2029`,
    `\u0085${run}`,
    `\ud800`,
    `\u{1f4a3}`.repeat(20),
    `＇；${run}；＇`,
    `\ufeff${run}`,
    `IFS=x;${run}`,
    `x=y PATH=. ${run}`,
    `${run}`.padEnd(65_536, 'A'),
    `'${run}'`.repeat(1_500).slice(0, 65_536),
    `%Y%m%d$(${run})`,
    '',
    ' ',
    `root`,
    `root:root`,
    `0:0`,
    `a,b,sudo`,
    `a:b::/:/bin/sh`,
    `__proto__`,
    `constructor`,
    `1e999`,
    `0x10`,
    `;`.repeat(1_000),
    `(`.repeat(1_000),
    `\\`,
    `'`,
    `"`,
    `\``,
    `$`,
  ];
}

/** As it is, at the end of something harmless, at the beginning, and inside: validators look at one end or the other. */
const FRAMES: readonly ((text: string, frame: string) => string)[] = [
  (text) => text,
  (text, frame) => `${frame}${text}`,
  (text, frame) => `${text}${frame}`,
  (text, frame) => `${frame}${text}${frame}`,
];

/** Endless hostile text; `benign` is what the place would take. */
export function hostileText(canary: string, benign: string): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...payloads(canary)) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...'\'"`$\\;&|<>(){}[]*?!#~%=:,@+-./ \n\r\t\u0000\u001b\u007f\u200b\u202e\ufeff',
      ),
    },
  );
  return fc
    .tuple(fc.array(piece, { minLength: 1, maxLength: 3 }), fc.constantFrom(...FRAMES))
    .map(([pieces, frame]) => frame(pieces.join(''), benign));
}
