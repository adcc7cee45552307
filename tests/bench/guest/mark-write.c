// SPDX-License-Identifier: GPL-2.0
/*
 * mark-write FILE: write what is on the standard input to FILE by one system
 * call, and have the counter count that and nothing else. For configfs and sysfs,
 * where a write is a login or a change of the configuration.
 * mark-write --mkdir DIRECTORY: the same for the making of a directory.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../plugin/marker.h"

int main(int argc, char **argv)
{
	static char text[4096];
	ssize_t len, done;
	int fd;

	if (argc == 3 && !strcmp(argv[1], "--mkdir")) {
		MARK(MARK_BEGIN);
		done = mkdir(argv[2], 0755);
		MARK(MARK_END);
		if (done)
			perror(argv[2]);
		return done != 0;
	}
	if (argc != 2) {
		fprintf(stderr, "usage: mark-write FILE | mark-write --mkdir DIRECTORY\n");
		return 2;
	}
	len = read(0, text, sizeof(text));
	fd = open(argv[1], O_WRONLY);
	if (len <= 0 || fd < 0) {
		perror(argv[1]);
		return 1;
	}
	MARK(MARK_BEGIN);
	done = write(fd, text, len);
	MARK(MARK_END);
	if (done != len)
		perror(argv[1]);
	return done != len;
}
