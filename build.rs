//! Makes Rust of the messages in `proto/`.

fn main() -> std::io::Result<()> {
    let definitions = [
        "proto/tfplugin6.proto",
        "proto/go_plugin.proto",
        "proto/health.proto",
    ];
    println!("cargo::rerun-if-changed=proto");
    tonic_build::configure()
        // Values stay slices of the message they came in; a million elements are not copied.
        .bytes(["."])
        // Maps in order, so that the same schema is always the same bytes.
        .btree_map(["."])
        .compile_protos(&definitions, &["proto"])
}
