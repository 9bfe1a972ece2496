/* A library that needs another; who needs this one does not know of that. */
int dep_version(void);
int middle_version(void);

int middle_version(void)
{
        return 100 + dep_version();
}
