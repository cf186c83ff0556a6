//! ```text
//! y = (attention of x·W_query over m·W_key and m·W_value)·W_output, each with its bias
//! ```
//!
//! Vaswani et al. 2017: written in four dense layers, which have the weights, and the product of `dot_product_attention`,
//! which has none. m is x itself, or a memory that is another sequence.

use super::Layer;
use super::composed::{Block, WIDTH};
use super::dot_product_attention::{CAUSAL, HEADS};
use crate::signature::{Constants, Kind, Parameter, Signature};

/// Multi-head attention of a sequence over itself, or over another.
pub struct Attention;

impl Layer for Attention {
    fn signature(&self) -> &'static Signature {
        static SIGNATURE: Signature = Signature {
            name: "attention",
            summary: "each step's weighted mean of a sequence, of itself or of another, in several heads",
            parameters: &[
                HEADS,
                Parameter {
                    name: "units",
                    kind: Kind::Count,
                    default: Some(WIDTH),
                    summary: "the channels of queries, keys and values, of all heads together",
                },
                Parameter {
                    name: "channels",
                    kind: Kind::Count,
                    default: Some(WIDTH),
                    summary: "the channels of what it gives",
                },
                CAUSAL,
            ],
        };
        &SIGNATURE
    }

    fn methods(&self, _: &Constants) -> &'static str {
        "multi-head attention [@vaswani2017]"
    }

    fn block(&self) -> Option<Block> {
        Some(|_| {
            "block attention {
               query  = dense(units) on input
               key    = dense(units) on memory
               value  = dense(units) on memory
               dot_product_attention(heads = heads, causal = causal) on (query, key, value)
               output = dense(channels)
             }"
            .into()
        })
    }
}
