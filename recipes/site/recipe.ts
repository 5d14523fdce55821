import { webCertificate } from '../../src/compose/nginx/certificate.ts';
import { namesOf } from '../../src/compose/nginx/context.ts';
import { nginxEndpoints } from '../../src/compose/nginx/endpoints.ts';
import { nginxParts } from '../../src/compose/nginx/parts.ts';
import { findPlace, type Place } from '../../src/compose/nginx/place.ts';
import { secureData } from '../../src/compose/nginx/secure.ts';
import { defineRecipe, type RecipeParts } from '../../src/compose/recipe.ts';
import type { RoleCertificate } from '../../src/compose/tls/certificate.ts';
import { UserError } from '../../src/errors.ts';
import { kind as directory } from '../../src/resources/directory.ts';
import { kind as file } from '../../src/resources/file.ts';
import { kind as tree } from '../../src/resources/tree.ts';
import { inputs, type SiteContext } from './inputs.ts';
import { pageToProve, remarks } from './pages.ts';

export default defineRecipe({
  title: 'Static website',
  summary: 'Serves the files of a folder with nginx: compressed, sensibly cached, with safe headers.',
  menu: 10,
  inputs,

  endpoints: ({ host, input, expose, folder }) => {
    // Without a domain any name will do; beside another site that answers by address, only the host's own will.
    const hostname = input.domain ?? host;
    // What lies on the host may be anything, also nothing yet: that nginx has an answer has to do.
    const page = input.root === undefined ? pageToProve(folder(input.source)) : { status: 'any' };
    return nginxEndpoints(
      { input, expose },
      { hostname, prove: { probe: 'http', with: { hostname, ...page } } },
    );
  },

  names: ({ input }) => namesOf(input),

  resources(context) {
    const { role } = context;
    if (role === 'html')
      throw new UserError({
        message: 'A site cannot be called ‘html’: /var/www/html belongs to the page that comes with nginx.',
        hint: 'Give the role another name.',
      });
    const files = uploaded(context);
    const place = findPlace(context);
    const { first, before, proven, last, notes } = nginxParts(context, place);
    const certificate = webCertificate(context);
    return {
      resources: [
        ...first,
        ...files.resources,
        ...(certificate?.resources ?? []),
        ...before,
        file.of(
          { path: place.path, content: server(context, place, certificate), owner: 'root', group: 'root' },
          proven,
        ),
        ...last,
      ],
      after: certificate?.after ?? [],
      notes: [...notes, ...(certificate?.notes ?? []), ...files.notes],
    };
  },
});

/** The files of the site, unless they lie on the host anyway. */
function uploaded({ role, input, folder }: SiteContext): Required<RecipeParts> {
  if (input.root !== undefined) {
    const text = `The site is what lies in ${input.root} on the host. nginx (www-data) has to be able to read it.`;
    return { resources: [], notes: [{ level: 'info', text }] };
  }
  const path = `/var/www/${role}`;
  const source = folder(input.source);
  return {
    resources: [
      directory.of({ path, mode: '0755', owner: 'root', group: 'root' }),
      tree.of({
        path,
        folder: source,
        owner: 'root',
        group: 'root',
        fileMode: '0644',
        directoryMode: '0755',
      }),
    ],
    notes: remarks(source, input.source),
  };
}

function server(context: SiteContext, place: Place, certificate: RoleCertificate | undefined): string {
  const { role, input, folder, template } = context;
  const { allow = [] } = place.https ?? place.http ?? {};
  return template('server.conf', {
    role,
    root: input.root ?? `/var/www/${role}`,
    // Names of roles have no underscore, so two roles never come to the same variable.
    variable: `hostwright_${role.replaceAll('-', '_')}_cache`,
    log: `/var/log/nginx/${role}.access.log`,
    allow,
    ...secureData(context, place, certificate),
    spa: input.spa,
    notFound: input.root === undefined && folder(input.source).files.some(({ path }) => path === '404.html'),
  });
}
