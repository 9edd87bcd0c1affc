//! Evidence as JSON: every run of bytes that files held is written once and referred to by number,
//! since a file that is looked at around every call mostly holds what it held before.

use std::collections::HashMap;
use std::convert::Infallible;
use std::ptr;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::address_space::AddressSpace;
use super::bytes::Bytes;
use super::ending::Actor;
use super::exploration::Exploration;
use super::file::{FileState, FileStory};
use super::trace::Event;
use super::{Evidence, Facet, Moment, View};

/// Evidence as it is read.
#[derive(Deserialize)]
pub(super) struct Stored {
    unavailable: Option<String>,
    page_size: u64,
    actors: Vec<Actor>,
    contents: Vec<Bytes>,
    files: Vec<FileStory<usize>>,
    trace: Facet<Vec<Event>>,
    moments: Facet<Vec<StoredMoment>>,
    leftovers: Vec<String>,
    #[serde(default)]
    exploration: Option<Facet<Exploration>>,
}

#[derive(Deserialize)]
struct StoredMoment {
    rule: String,
    at: usize,
    actor: usize,
    files: Vec<(String, Option<FileState<usize>>)>,
    spaces: Vec<AddressSpace>,
    views: Vec<View>,
}

impl TryFrom<Stored> for Evidence {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Evidence, String> {
        let contents: Vec<Arc<Bytes>> = stored.contents.into_iter().map(Arc::new).collect();
        let state = |state: Option<FileState<usize>>| -> Result<Option<FileState>, String> {
            let of = |number: &usize| match contents.get(*number) {
                Some(bytes) => Ok(bytes.clone()),
                None => Err(format!("there is no content {number}")),
            };
            state.as_ref().map(|state| state.try_map(of)).transpose()
        };
        let story = |story: FileStory<usize>| -> Result<FileStory, String> {
            Ok(FileStory {
                before: state(story.before)?,
                after: state(story.after)?,
                name: story.name,
            })
        };
        let moment = |moment: StoredMoment| -> Result<Moment, String> {
            let files = moment.files.into_iter();
            Ok(Moment {
                rule: moment.rule,
                at: moment.at,
                actor: moment.actor,
                files: files
                    .map(|(name, file)| Ok((name, state(file)?)))
                    .collect::<Result<_, String>>()?,
                spaces: moment.spaces,
                views: moment.views,
            })
        };
        Ok(Evidence {
            unavailable: stored.unavailable,
            page_size: stored.page_size,
            actors: stored.actors,
            files: stored
                .files
                .into_iter()
                .map(story)
                .collect::<Result<_, _>>()?,
            trace: stored.trace,
            moments: match stored.moments {
                Facet::Seen(moments) => {
                    Facet::Seen(moments.into_iter().map(moment).collect::<Result<_, _>>()?)
                }
                Facet::Unseen(reason) => Facet::Unseen(reason),
            },
            leftovers: stored.leftovers,
            exploration: stored.exploration,
        })
    }
}

/// Evidence as it is written: nothing large is copied for it.
#[derive(Serialize)]
struct Written<'a> {
    unavailable: &'a Option<String>,
    page_size: u64,
    actors: &'a [Actor],
    contents: Vec<&'a Bytes>,
    files: Vec<FileStory<usize>>,
    trace: &'a Facet<Vec<Event>>,
    moments: Facet<Vec<WrittenMoment<'a>>>,
    leftovers: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    exploration: &'a Option<Facet<Exploration>>,
}

#[derive(Serialize)]
struct WrittenMoment<'a> {
    rule: &'a str,
    at: usize,
    actor: usize,
    files: Vec<(&'a str, Option<FileState<usize>>)>,
    spaces: &'a [AddressSpace],
    views: &'a [View],
}

/// The bytes met so far, each run with its number.
#[derive(Default)]
struct Numbered<'a> {
    contents: Vec<&'a Bytes>,
    numbers: HashMap<*const Bytes, usize>,
}

impl<'a> Numbered<'a> {
    fn state(&mut self, state: &'a Option<FileState>) -> Option<FileState<usize>> {
        let numbered = state.as_ref()?.try_map(|bytes| {
            let number = self.numbers.entry(ptr::from_ref(&**bytes));
            Ok::<usize, Infallible>(*number.or_insert_with(|| {
                self.contents.push(bytes);
                self.contents.len() - 1
            }))
        });
        numbered.ok()
    }
}

impl Serialize for Evidence {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut numbered = Numbered::default();
        let mut files = Vec::new();
        for story in &self.files {
            files.push(FileStory {
                name: story.name.clone(),
                before: numbered.state(&story.before),
                after: numbered.state(&story.after),
            });
        }
        let moments = match &self.moments {
            Facet::Unseen(reason) => Facet::Unseen(reason.clone()),
            Facet::Seen(moments) => {
                let mut written = Vec::new();
                for moment in moments {
                    let files = moment.files.iter();
                    written.push(WrittenMoment {
                        rule: &moment.rule,
                        at: moment.at,
                        actor: moment.actor,
                        files: files
                            .map(|(name, state)| (name.as_str(), numbered.state(state)))
                            .collect(),
                        spaces: &moment.spaces,
                        views: &moment.views,
                    });
                }
                Facet::Seen(written)
            }
        };
        let written = Written {
            unavailable: &self.unavailable,
            page_size: self.page_size,
            actors: &self.actors,
            contents: numbered.contents,
            files,
            trace: &self.trace,
            moments,
            leftovers: &self.leftovers,
            exploration: &self.exploration,
        };
        written.serialize(to)
    }
}
