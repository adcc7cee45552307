// SPDX-License-Identifier: GPL-2.0
#include "cli.hpp"

#include <csignal>
#include <iostream>
#include <unistd.h>

int main(int argc, char** argv) {
    // A reader that closed the pipe ends us quietly.
    std::signal(SIGPIPE, SIG_DFL);

    srpt::PosixFileSystem fs;
    const std::unique_ptr<srpt::System> system = srpt::make_system();
    const std::unique_ptr<srpt::KernelLink> link = srpt::make_kernel_link();
    srptctl::Environment env{fs, *system, *link, std::cin, std::cout, std::cerr};

    env.in_is_terminal = ::isatty(STDIN_FILENO) == 1;
    env.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
    env.err_is_terminal = ::isatty(STDERR_FILENO) == 1;

    srpt::host::Files host_files;
    const std::unique_ptr<srpt::host::Programs> programs = srpt::host::make_programs();
    env.host_files = &host_files;
    env.programs = programs.get();

    return srptctl::run(std::vector<std::string>(argv + 1, argv + argc), env);
}
