/** Under this name a host's folders hold the built agent. No host file can name a folder so: paths have no NUL. */
export const AGENT_FOLDER = '\0agent';
