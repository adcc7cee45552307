// SPDX-License-Identifier: GPL-2.0
// Back ends as they are to be, in contrast to model.hpp's as they are.
#pragma once

#include "model.hpp"
#include "system.hpp"
#include "transaction.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace srpt {

// A target port group of ALUA within a back end.
struct AluaGroup {
    std::string name;
    unsigned id = 0;
    std::map<std::string, std::string> settings; // file name to what to write
};

struct StoreSpec {
    std::string plugin; // block, fileio, ramdisk, pscsi
    std::string name;
    std::string device;        // path; none for a RAM disk
    std::string hctl;          // pscsi: host:channel:target:lun
    std::string serial;        // "": make one
    uint64_t bytes = 0;        // of a RAM disk, or of the file
    bool on_block = false;     // fileio on a block device, which knows its size
    bool read_only = false;    // block
    bool write_back = false;   // announce a volatile cache; fileio: use the page cache
    bool nullio = false;       // ramdisk that keeps nothing
    bool async = false;        // fileio by aio
    bool name_as_model = true; // initiators see the name as the disk's model
    std::map<std::string, std::string> attributes;
    std::vector<AluaGroup> alua;

    std::string label() const { return plugin + "/" + name; }
};

// The plugins that can be made here, and the directory that each has.
std::optional<std::string> plugin_directory(std::string_view plugin);

// Numbers for adapters that no other of any plugin has; targetcli counts all
// plugins together.
class HbaNumbers {
  public:
    HbaNumbers(const FileSystem& fs, const Tree& tree);
    unsigned next();
    void release(unsigned number);

  private:
    std::vector<unsigned> taken_;
};

// A name that configfs and targetcli both take.
Status check_store_name(const std::string& name);
// The device is there, fits the plugin, and nobody else has it. Fills in what
// only the machine knows (hctl, on_block).
Status check_store_device(const FileSystem& fs, System& system, StoreSpec& spec);

namespace detail {

// The path of a new back end under adapter number `hba`.
std::string store_path(const Tree& tree, const StoreSpec& spec, unsigned hba);
// Everything that makes it, its directories included.
void create_store(Plan& plan, System& system, const std::string& path, const StoreSpec& spec);
// What has to be written to a new directory to make it this back end again.
Plan::Restore set_up_again(const Backstore& store);
// Its directory, and its adapter's unless another back end shares it.
void remove_store(Plan& plan, const Tree& tree, const Backstore& store);
// targetcli keeps what survives a power loss elsewhere than the kernel's
// default, and complains if it comes second.
void prepare_dbroot(Plan& plan, const FileSystem& fs, const Tree& tree);

} // namespace detail

} // namespace srpt
