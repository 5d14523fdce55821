import { defineRecipe } from '../../src/compose/recipe.ts';
import { kind as command } from '../../src/resources/command.ts';
import { kind as directory } from '../../src/resources/directory.ts';
import { kind as file } from '../../src/resources/file.ts';
import { kind as group } from '../../src/resources/group.ts';
import { kind as packageKind } from '../../src/resources/package.ts';
import { kind as password } from '../../src/resources/password.ts';
import { kind as service } from '../../src/resources/service.ts';
import { kind as symlink } from '../../src/resources/symlink.ts';
import { kind as sysctl } from '../../src/resources/sysctl.ts';
import { kind as user } from '../../src/resources/user.ts';
import { inputs } from './inputs.ts';

export default defineRecipe({
  title: 'Extras',
  summary: 'Packages, accounts, files and settings of your own, beside the roles.',
  exposable: false,
  inputs,

  // In the order in which one may need the other: a file an owner, a service its files, a command everything.
  resources: ({ role, input, secret }) => ({
    resources: [
      ...input.packages.map((name) => packageKind.of({ name })),
      ...input.groups.map((spec) => group.of(spec)),
      ...input.users.map(({ password: _, ...spec }) => user.of(spec)),
      ...input.users
        .filter((spec) => spec.password !== undefined)
        .map(({ name }) => password.of({ user: name, secret: secret(name) })),
      ...input.directories.map((spec) => directory.of(spec)),
      ...input.files.map(({ notify, ...spec }) => file.of(spec, notify ? { notify: [notify] } : {})),
      ...input.links.map((spec) => symlink.of(spec)),
      ...Object.entries(input.sysctl).map(([key, value]) => sysctl.of({ key, value })),
      ...input.services.map((spec) => service.of(spec)),
      ...input.commands.map((spec) => command.of({ ...spec, name: `${role}/${spec.name}` })),
    ],
  }),
});
