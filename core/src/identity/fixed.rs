//! An AccessKey that stands in the configuration, with or without a security token.

use std::sync::Arc;

use super::source::Source;
use super::{AccessKey, Asking, World};
use crate::error::Result;

/// What the configuration gives. Two are alike if they sign alike.
#[derive(Debug)]
pub(crate) struct Fixed(pub(crate) AccessKey);

impl PartialEq for Fixed {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_like(&other.0)
    }
}

impl Source for Arc<Fixed> {
    fn kind(&self) -> &'static str {
        if self.0.token().is_some() { "sts" } else { "ak" }
    }

    fn name(&self) -> String {
        self.0.id().to_owned()
    }

    fn ask<'a>(&'a self, _: &'a World) -> Asking<'a, Result<AccessKey>> {
        Box::pin(std::future::ready(Ok(self.0.copy())))
    }
}
