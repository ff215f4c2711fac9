/*
 * Loads BPF programs and tells what the kernel said of each. It is all that a machine started by
 * `deno task ask-kernels` runs: as /init (process 1) it writes to the second serial line and switches the machine
 * off; given a list and a file it does the same on the running kernel.
 *
 * libbpf comes from the recording computer and is opened at run time, so that no header of it is needed. A line of the
 * list: "?" and the name of a kernel function, answered by "? name" where the kernel's BTF has it; or number, object file, the object's name, programs to load, a space between each. An answer: "@ number errno
 * log-bytes message-bytes", a line end, the end of the verifier's log, libbpf's warnings, a line end.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

struct bpf_object;
struct bpf_program;
struct bpf_map;
/* struct bpf_object_open_opts (tools/lib/bpf/libbpf.h), as much of it as is used */
struct open_opts {
	size_t sz;
	const char *object_name;
	char rest[32];
};

static struct bpf_object *(*open_file)(const char *, const struct open_opts *);
static void *(*vmlinux_btf)(void);
static int (*find_type)(void *, const char *, unsigned int);
static int (*load_object)(struct bpf_object *);
static void (*close_object)(struct bpf_object *);
static struct bpf_program *(*next_program)(struct bpf_object *, struct bpf_program *);
static struct bpf_map *(*next_map)(struct bpf_object *, struct bpf_map *);
static const char *(*program_name)(struct bpf_program *);
static int (*set_autoload)(struct bpf_program *, _Bool);
static int (*set_log_buf)(struct bpf_program *, char *, size_t);
static int (*set_log_level)(struct bpf_program *, unsigned int);
static int (*set_pin_path)(struct bpf_map *, const char *);
typedef int (*print_fn)(int, const char *, va_list);
static print_fn (*set_print)(print_fn);

/* BPF_LOG_STATS (include/linux/bpf_verifier.h): what is wrong and no instruction, so that no log is ever full */
enum { LOG_STATS = 4, BTF_KIND_FUNC = 12 };
enum { LOG_BYTES = 1 << 20, LOG_TAIL = 4096, MESSAGES = 4096, LIBBPF_WARN = 0 };
static char *log_buf, messages[MESSAGES];

static int keep_message(int level, const char *format, va_list args)
{
	size_t at = strlen(messages);

	return level != LIBBPF_WARN ? 0 : vsnprintf(messages + at, sizeof(messages) - at, format, args);
}

static int is_named(char *names, const char *name)
{
	size_t length = strlen(name);
	char *at = names;

	while ((at = strstr(at, name))) {
		if ((at == names || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return 1;
		at += length;
	}
	return 0;
}

static int load(const char *file, const char *name, char *programs, unsigned int log_level)
{
	struct open_opts opts = { .sz = sizeof(opts), .object_name = name };
	struct bpf_program *program = NULL;
	struct bpf_map *map = NULL;
	struct bpf_object *object;
	int failed;

	messages[0] = log_buf[0] = 0;
	object = open_file(file, &opts);
	if (!object)
		return errno;
	while ((map = next_map(object, map)))
		set_pin_path(map, NULL);
	while ((program = next_program(object, program))) {
		set_autoload(program, is_named(programs, program_name(program)));
		set_log_buf(program, log_buf, LOG_BYTES);
		set_log_level(program, log_level);
	}
	failed = -load_object(object);
	close_object(object);
	return failed;
}

static void run(FILE *list, FILE *out)
{
	static char line[1 << 16];
	struct utsname kernel;

	void *btf = vmlinux_btf();

	uname(&kernel);
	fprintf(out, "# %s %s %s\n", kernel.release, kernel.machine, kernel.version);
	while (fgets(line, sizeof(line), list)) {
		char *number, *file, *name, *programs, *end;
		size_t log_bytes;
		int failed;

		line[strcspn(line, "\n")] = 0;
		if (line[0] == '?') {
			if (find_type(btf, line + 2, BTF_KIND_FUNC) > 0)
				fprintf(out, "%s\n", line);
			continue;
		}
		number = strtok_r(line, " ", &end);
		file = strtok_r(NULL, " ", &end);
		name = strtok_r(NULL, " ", &end);
		programs = end;
		failed = load(file, name, programs, LOG_STATS);
		/* A call that libbpf put in place of what the kernel lacks: it says so in the log that it asks for itself. */
		if (failed && strstr(log_buf, "invalid func unknown#"))
			failed = load(file, name, programs, 0);
		log_bytes = strlen(log_buf);
		if (failed == 0)
			log_bytes = messages[0] = 0;
		if (log_bytes > LOG_TAIL)
			memmove(log_buf, log_buf + log_bytes - LOG_TAIL, LOG_TAIL), log_bytes = LOG_TAIL;
		fprintf(out, "@ %s %d %zu %zu\n", number, failed, log_bytes, strlen(messages));
		fwrite(log_buf, 1, log_bytes, out);
		fwrite(messages, 1, strlen(messages), out);
		fputc('\n', out);
		fflush(out);
	}
	fprintf(out, "# end\n");
	fflush(out);
}

/* The serial line as it is: nothing added to line ends, nothing echoed. */
static FILE *serial(const char *path)
{
	FILE *line = fopen(path, "w");
	struct termios how;

	if (line && !tcgetattr(fileno(line), &how)) {
		cfmakeraw(&how);
		tcsetattr(fileno(line), TCSANOW, &how);
	}
	return line;
}

#define FIND(variable, symbol) (*(void **)&variable = dlsym(library, symbol))

int main(int argc, char **argv)
{
	int is_init = getpid() == 1;
	FILE *list, *out;
	void *library;

	if (is_init) {
		mkdir("/dev", 0755), mkdir("/sys", 0755), mkdir("/proc", 0755);
		mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
		mount("sysfs", "/sys", "sysfs", 0, NULL);
		mount("proc", "/proc", "proc", 0, NULL);
	}
	library = dlopen("libbpf.so.1", RTLD_NOW);
	list = fopen(is_init ? "/list" : argv[1], "r");
	out = is_init ? serial("/dev/ttyS1") : fopen(argv[2], "w");
	log_buf = mmap(NULL, LOG_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!library || !list || !out || log_buf == MAP_FAILED) {
		fprintf(stderr, "the loader cannot begin: %s\n", library ? strerror(errno) : dlerror());
	} else {
		FIND(open_file, "bpf_object__open_file");
		FIND(vmlinux_btf, "btf__load_vmlinux_btf");
		FIND(find_type, "btf__find_by_name_kind");
		FIND(load_object, "bpf_object__load");
		FIND(close_object, "bpf_object__close");
		FIND(next_program, "bpf_object__next_program");
		FIND(next_map, "bpf_object__next_map");
		FIND(program_name, "bpf_program__name");
		FIND(set_autoload, "bpf_program__set_autoload");
		FIND(set_log_buf, "bpf_program__set_log_buf");
		FIND(set_log_level, "bpf_program__set_log_level");
		FIND(set_pin_path, "bpf_map__set_pin_path");
		FIND(set_print, "libbpf_set_print");
		set_print(keep_message);
		run(list, out);
	}
	if (is_init) {
		sync();
		tcdrain(fileno(out ? out : stderr));
		reboot(RB_POWER_OFF);
	}
	return 0;
}
