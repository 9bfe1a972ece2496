/* A library that needs another, of which there are two. */
int dependency(void);

__attribute__((visibility("default"))) int version(int argc, char **argv);

int version(int argc, char **argv)
{
        return dependency();
}
