//! Makes Rust of the messages in `proto/`, and compiles the little that a statically linked program needs besides.

fn main() -> std::io::Result<()> {
    let definitions = [
        "proto/tfplugin6.proto",
        "proto/go_plugin.proto",
        "proto/health.proto",
    ];
    println!("cargo::rerun-if-changed=proto");
    if is_static_glibc() {
        println!("cargo::rerun-if-changed=src/static_resolver.c");
        cc::Build::new()
            .file("src/static_resolver.c")
            // Nothing calls it: without this the linker leaves it out.
            .link_lib_modifier("+whole-archive")
            .compile("static_resolver");
    }
    tonic_build::configure()
        // Values stay slices of the message they came in; a million elements are not copied.
        .bytes(["."])
        // Maps in order, so that the same schema is always the same bytes.
        .btree_map(["."])
        .compile_protos(&definitions, &["proto"])
}

/// Whether the target is linked statically with glibc.
fn is_static_glibc() -> bool {
    let is = |variable: &str, wanted: &str| {
        std::env::var(variable).is_ok_and(|values| values.split(',').any(|value| value == wanted))
    };
    is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && is("CARGO_CFG_TARGET_FEATURE", "crt-static")
}
