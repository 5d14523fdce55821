/** The accounts on the box, one for each way in which people log in to their servers and become root. */

export interface BoxUser {
  readonly name: string;
  readonly uid: number;
  /** Takes the lab's key. */
  readonly key: boolean;
  /** For logging in and for sudo. These machines cannot be reached from anywhere, so it is no secret. */
  readonly password?: string;
  readonly sudo: 'none' | 'password' | 'free';
}

export const USERS: readonly BoxUser[] = [
  { name: 'nopass', uid: 1000, key: true, sudo: 'free' },
  { name: 'pi', uid: 1001, key: true, password: 'raspberry-tart', sudo: 'password' },
  { name: 'word', uid: 1002, key: false, password: 'only-a-word', sudo: 'password' },
  { name: 'plain', uid: 1003, key: true, sudo: 'none' },
];
